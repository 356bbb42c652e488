// What the rest of the page knows of a running broadcast of one's own: the studio sets it, the frame shows it.
import { signal } from "@preact/signals";

export interface OnAir {
  readonly streamId: string;
  /** Unix ms. */
  readonly since: number;
}

export const onAir = signal<OnAir | null>(null);
