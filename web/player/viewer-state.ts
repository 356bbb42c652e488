// Which of its named states the player is in. Pure.
import type { LinkState } from "../media/link";
import type { LiveStatus } from "../shared/shapes";

export type ViewerState = "connecting" | "starting" | "live" | "away" | "reconnecting" | "stalled" | "ended" | "refused";

export interface Seen {
  /** What the server says of the stream. */
  readonly status: LiveStatus;
  readonly link: LinkState["at"];
  /** The code of the problem the link waits because of, if any. */
  readonly problem: string | null;
  /** Whether a picture was ever shown. */
  readonly hasPicture: boolean;
  /** Whether pictures stopped coming. */
  readonly isStalled: boolean;
}

/** The media server has the stream but nobody sends to it. */
const NOBODY_SENDS = "STREAM_NOT_PUBLISHING";

export function viewerState({ status, link, problem, hasPicture, isStalled }: Seen): ViewerState {
  if (status === "ended") return "ended";
  // What is seen outweighs what is said: the word may be late.
  if (link === "connected" && hasPicture && !isStalled) return "live";
  if (status === "reconnecting") return "away";
  if (link === "refused") return "refused";
  if (status === "starting") return "starting";
  if (problem === NOBODY_SENDS) return hasPicture ? "away" : "starting";
  if (link === "connected") return hasPicture ? "stalled" : "connecting";
  return hasPicture ? "reconnecting" : "connecting";
}
