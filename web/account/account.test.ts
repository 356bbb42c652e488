import { expect, test } from "vitest";

import { deviceName } from "./device-name";
import { nextPage } from "./next";

test("after signing in one goes on to a page of ours, never elsewhere", () => {
  const to = (next: string | undefined) => nextPage(next, "https://live.example");
  expect(to("/go-live")).toBe("/go-live");
  expect(to("/watch/1?t=2")).toBe("/watch/1?t=2");
  for (const bad of [undefined, "", "https://evil.example", "//evil.example", "/\\evil.example", "/login", "javascript:alert(1)"]) {
    expect(to(bad)).toBe("/");
  }
});

test("devices are called what their owners call them", () => {
  expect(deviceName("Mozilla/5.0 (Windows NT 10.0) Chrome/156.0 Safari/537.36 Edg/156.0")).toBe("Edge · Windows");
  expect(deviceName("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1")).toBe("Safari · iOS");
  expect(deviceName("Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0")).toBe("Firefox · Linux");
  expect([deviceName("curl/8"), deviceName(null)]).toEqual([null, null]);
});
