import { expect, test } from "vitest";

import { ago, isoDuration, size, timecode } from "./time";

test("timecodes show hours only where there are any", () => {
  expect([0, 9.99, 61, 3599, 3600, 86_461].map(timecode)).toEqual(["00:00", "00:09", "01:01", "59:59", "1:00:00", "24:01:01"]);
});

test("a timecode of nonsense is zero", () => {
  expect([Number.NaN, -5, Number.POSITIVE_INFINITY].map(timecode)).toEqual(["00:00", "00:00", "00:00"]);
});

test("durations for machines keep a decimal", () => {
  expect(isoDuration(61.25)).toBe("PT61.3S");
});

test("how long ago is told in the largest unit that fits", () => {
  const now = new Date("2026-11-20T12:00:00Z");
  const told = (seconds: number) => ago(new Date(now.getTime() - seconds * 1000), now);
  expect([5, 59, 60, 7200, 86_400, 1_300_000].map(told)).toEqual([
    "now", "now", "1 minute ago", "2 hours ago", "yesterday", "2 weeks ago",
  ]);
});

test("sizes are told in units of a thousand", () => {
  expect([0, 999, 12_400, 734_003_200].map((bytes) => size(bytes))).toEqual(["0 byte", "999 byte", "12 kB", "734 MB"]);
});
