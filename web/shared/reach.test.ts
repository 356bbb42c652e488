import { expect, test } from "vitest";

import { reach, reachMedia } from "./reach";

const PAGE = "https://people.example/watch/1";

test("the server's own addresses are asked for by the page's name for it", () => {
  expect(reach("http://127.0.0.1:8080/api/streams/1/whep?x=1", PAGE)).toBe("/api/streams/1/whep?x=1");
  expect(reach("/api/streams/1/whip/2", PAGE)).toBe("/api/streams/1/whip/2");
  expect(reach("2", "https://people.example/api/streams/1/whip/")).toBe("/api/streams/1/whip/2");
});

test("a file elsewhere stays elsewhere", () => {
  expect(reach("https://cdn.example/a/thumbnail.jpg", PAGE)).toBe("https://cdn.example/a/thumbnail.jpg");
});

test("a media node with an address of its own is asked there", () => {
  const home = "http://localhost:8080/api/streams/1/hls/index.m3u8";
  expect(reachMedia("http://localhost:8080/api/streams/1/whep", home, PAGE)).toBe("/api/streams/1/whep");
  expect(reachMedia("https://node2.example/api/streams/1/whep", home, PAGE)).toBe("https://node2.example/api/streams/1/whep");
});
