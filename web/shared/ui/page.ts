// What every page does with the document round it.
import { useEffect } from "preact/hooks";

import { t } from "../texts/texts";

/** Sets the document's title while the page is shown. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title === t.product ? title : `${title} · ${t.product}`;
  }, [title]);
}
