import { expect, test } from "vitest";

import { levelOf } from "./meter";

test("the meter spans 60 dB", () => {
  expect(levelOf([0, 0])).toBe(0);
  expect(levelOf([0.0005])).toBe(0);
  expect(levelOf([0, -1, 0.2])).toBe(1);
  expect(levelOf([0.1])).toBeCloseTo(2 / 3);
});
