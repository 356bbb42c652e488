import { expect, test } from "vitest";

import { digestOf } from "./digest";
import type { Line } from "./fold";

const line = (offset: number, userId: string, text: string): Line => ({
  key: String(offset), offset, at: 0, userId, username: userId, isCreator: false, text, state: "sent",
});

test("one line is read out, a flood is counted, one's own lines are neither", () => {
  const lines = [line(1, "ren", "old"), line(2, "ren", "hello"), line(3, "me", "mine")];
  expect(digestOf(lines, 1, "me")).toBe("ren: hello");
  expect(digestOf([...lines, line(4, "ayo", "and"), line(5, "ayo", "more")], 1, "me")).toBe("3 new messages");
  expect(digestOf(lines, 2, "me")).toBe("");
});
