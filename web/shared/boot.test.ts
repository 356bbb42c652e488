import { expect, test } from "vitest";

import { readBoot } from "./boot";

test("the page's state is read; without one nobody is signed in and nothing is known", () => {
  expect(readBoot('{"session":null,"page":{"stream":{"stream_id":"1"}}}').page?.stream?.stream_id).toBe("1");
  for (const nothing of [null, undefined, "", "not json"]) {
    expect(readBoot(nothing)).toEqual({ session: null, page: null });
  }
});
