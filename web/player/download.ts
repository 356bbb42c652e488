// What an archive's page says of its download. Pure: the time comes in as an argument.
import type { Archive } from "../shared/shapes";

/** `missing`: it should long be there, so its making has failed. */
export type Download = "none" | "making" | "missing" | "there";

/** The least that the making is given after the end of the stream; a long recording gets its own length again. */
const PATIENCE_MS = 10 * 60_000;

type Known = Pick<Archive, "status" | "download_url" | "created_at" | "duration">;

export function downloadOf({ status, download_url, created_at, duration }: Known, now: number): Download {
  if (download_url) return "there";
  if (status === "complete") return "missing";
  if (status !== "ready") return "none";
  const length = (duration ?? 0) * 1000;
  const patience = Math.max(PATIENCE_MS, length);
  return now < Date.parse(created_at) + length + patience ? "making" : "missing";
}
