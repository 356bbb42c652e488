import { expect, test } from "vitest";

import type { Archive } from "../shared/shapes";
import { downloadOf } from "./download";

const START = "2026-01-01T00:00:00Z";
const after = (minutes: number) => Date.parse(START) + minutes * 60_000;
const at = (minutes: number, more: Partial<Archive> = {}) =>
  downloadOf({ status: "ready", download_url: null, created_at: START, duration: 60, ...more }, after(minutes));

test("a download is being made for a while after the end, and not for ever", () => {
  expect([at(1), at(10), at(12), at(100_000)]).toEqual(["making", "making", "missing", "missing"]);
});

test("a long recording takes longer", () => {
  const day = { duration: 24 * 3600 };
  expect([at(25 * 60, day), at(47 * 60, day), at(49 * 60, day)]).toEqual(["making", "making", "missing"]);
});

test("a download that is there is there, and while recording nothing is said of it", () => {
  expect(at(100_000, { download_url: "/x" })).toBe("there");
  expect([at(1, { status: "recording" }), at(1, { status: "failed" })]).toEqual(["none", "none"]);
  expect(at(1, { status: "complete" })).toBe("missing");
});
