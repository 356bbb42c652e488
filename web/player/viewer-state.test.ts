import { expect, test } from "vitest";

import { viewerState, type Seen } from "./viewer-state";

const seen = (more: Partial<Seen> = {}) =>
  viewerState({ status: "live", link: "connected", problem: null, hasPicture: true, isStalled: false, ...more });

test("the states have the names of what the viewer sees", () => {
  expect(seen()).toBe("live");
  expect(seen({ hasPicture: false })).toBe("connecting");
  expect(seen({ link: "connecting", hasPicture: false })).toBe("connecting");
  expect(seen({ link: "waiting" })).toBe("reconnecting");
  expect(seen({ isStalled: true })).toBe("stalled");
  expect(seen({ status: "starting", link: "waiting", hasPicture: false })).toBe("starting");
  expect(seen({ status: "ended" })).toBe("ended");
  expect(seen({ link: "refused" })).toBe("refused");
});

test("a creator who is away is told apart from our own lost connection", () => {
  expect(seen({ status: "reconnecting", isStalled: true })).toBe("away");
  expect(seen({ link: "waiting", problem: "STREAM_NOT_PUBLISHING" })).toBe("away");
  expect(seen({ link: "waiting", problem: "STREAM_NOT_PUBLISHING", hasPicture: false })).toBe("starting");
});

test("a moving picture outweighs a late word", () => {
  expect(seen({ status: "reconnecting" })).toBe("live");
  expect(seen({ status: "starting" })).toBe("live");
});
