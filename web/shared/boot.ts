// What the server wrote into the page, read once.
import type { Archive, Session, Stream } from "./shapes";

export interface Boot {
  readonly session: Session | null;
  readonly page: { readonly stream?: Stream; readonly archive?: Archive } | null;
}

const NOTHING: Boot = { session: null, page: null };

export function readBoot(text: string | null | undefined): Boot {
  if (!text) return NOTHING;
  try {
    return { ...NOTHING, ...(JSON.parse(text) as Partial<Boot>) };
  } catch {
    return NOTHING;
  }
}

export const boot: Boot = readBoot(document.getElementById("state")?.textContent);

/** The stream the page was opened with, if it is this one. */
export function bootStream(id: string): Stream | null {
  const stream = boot.page?.stream;
  return stream?.stream_id === id ? stream : null;
}

/** The archive the page was opened with, if it is this one. */
export function bootArchive(id: string): Archive | null {
  const archive = boot.page?.archive;
  return archive?.archive_id === id ? archive : null;
}
