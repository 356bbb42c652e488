// The text of a stream key, the only time it is shown.
import { useEffect, useId, useRef } from "preact/hooks";

import type { NewStreamKey } from "../shared/shapes";
import { t } from "../shared/texts/texts";
import { Copy } from "../shared/ui/copy";

export function KeyText({ fresh, done }: { fresh: NewStreamKey; done: () => void }) {
  const k = t.keys;
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    box.current?.focus();
  }, []);
  return (
    <div class="notice good fresh" ref={box} tabIndex={-1} role="group" aria-label={k.fresh(fresh.label)}>
      <div class="stack">
        <p><strong>{k.fresh(fresh.label)}</strong><br />{k.freshMore}</p>
        <CopyLine label={k.text} text={fresh.key} copy={k.copy} />
        <div class="row"><button type="button" class="key" onClick={done}>{k.done}</button></div>
      </div>
    </div>
  );
}

/** A text to be copied whole. */
export function CopyLine({ label, text, copy }: { label: string; text: string; copy: string }) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <div class="sharelink">
        <input
          id={id} class="box" readOnly value={text} spellcheck={false} autocomplete="off"
          onFocus={(event) => event.currentTarget.select()}
        />
        <Copy text={text} done={t.keys.copied}>{copy}</Copy>
      </div>
    </div>
  );
}
