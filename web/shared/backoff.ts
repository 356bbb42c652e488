// How long to wait before trying again. Pure: chance comes in as an argument.

export interface Pace {
  /** Wait before the first repeat, in ms. */
  readonly first: number;
  /** No wait is longer, in ms. */
  readonly most: number;
}

/** For media: a viewer notices every second. */
export const MEDIA_PACE: Pace = { first: 400, most: 8_000 };
/** For chat: 1, 2, 4 … 30 s. */
export const CHAT_PACE: Pace = { first: 1_000, most: 30_000 };

/**
 * The wait before repeat number `attempt` (0 is the first), in ms: doubled each time, capped, and spread over
 * the upper half of the span so that a crowd cut off together does not return together.
 */
export function waitBefore(attempt: number, pace: Pace, random: () => number): number {
  const full = Math.min(pace.most, pace.first * 2 ** Math.min(attempt, 16));
  return Math.round(full / 2 + (full / 2) * random());
}
