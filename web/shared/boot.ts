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

/** What was said within this time is news enough, in ms. */
const FRESH = 5_000;
let listed: { readonly streams: readonly Stream[]; readonly at: number } = { streams: [], at: 0 };

/** Keeps what a list told, so that whoever picks a stream from it need not wait until the server tells it again. */
export function keepListed(streams: readonly Stream[]): void {
  listed = { streams, at: performance.now() };
}

/** What the page knows of a stream, and whether it should ask for news all the same. */
export function knownStream(id: string): { readonly stream: Stream; readonly isStale: boolean } | null {
  const now = performance.now();
  const picked = listed.streams.find(({ stream_id }) => stream_id === id);
  if (picked) return { stream: picked, isStale: now - listed.at > FRESH };
  const stream = bootStream(id);
  return stream && { stream, isStale: now > FRESH };
}

/** The archive the page was opened with, if it is this one. */
export function bootArchive(id: string): Archive | null {
  const archive = boot.page?.archive;
  return archive?.archive_id === id ? archive : null;
}
