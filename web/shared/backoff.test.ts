import { expect, test } from "vitest";

import { CHAT_PACE, MEDIA_PACE, waitBefore } from "./backoff";

test("chat waits 1, 2, 4 … 30 s at most", () => {
  const waits = [0, 1, 2, 3, 4, 5, 6, 50].map((n) => waitBefore(n, CHAT_PACE, () => 1));
  expect(waits).toEqual([1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000]);
});

test("chance spreads a wait over its upper half", () => {
  expect(waitBefore(2, MEDIA_PACE, () => 0)).toBe(800);
  expect(waitBefore(2, MEDIA_PACE, () => 0.5)).toBe(1200);
});
