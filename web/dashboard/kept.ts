// What a reload of the studio needs to go on: kept for this tab alone, until the stream is over.
import type { StartedStream } from "../shared/shapes";

const KEY = "broadcast";

export function keep(stream: StartedStream): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(stream));
  } catch {
    // Without storage a reload cannot resume; everything else works.
  }
}

export function kept(): StartedStream | null {
  try {
    const stream = JSON.parse(sessionStorage.getItem(KEY) ?? "null") as StartedStream | null;
    return stream?.stream_id && stream.publish_token && stream.whip_url ? stream : null;
  } catch {
    return null;
  }
}

export function forget(): void {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // Nothing was kept then.
  }
}
