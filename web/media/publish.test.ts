import { expect, test } from "vitest";

import { between, look } from "./health";
import { h264First } from "./publish";

test("H.264 is offered first, constrained baseline before the rest of it, then VP8", () => {
  const codecs = [
    { mimeType: "video/VP9" }, { mimeType: "video/VP8" },
    { mimeType: "video/H264", sdpFmtpLine: "packetization-mode=0;profile-level-id=42e01f" },
    { mimeType: "video/H264", sdpFmtpLine: "packetization-mode=1;profile-level-id=4d001f" },
    { mimeType: "video/H264", sdpFmtpLine: "packetization-mode=1;profile-level-id=42e01f" }, { mimeType: "video/rtx" },
  ];
  const order = h264First(codecs).map(({ mimeType, sdpFmtpLine = "" }) => mimeType + sdpFmtpLine.slice(-6));
  expect(order).toEqual(["video/H26442e01f", "video/H2644d001f", "video/H26442e01f", "video/VP8", "video/VP9", "video/rtx"]);
});

const report = (at: number, bytes: number, frames: number): [string, unknown][] => [
  ["v", { type: "outbound-rtp", kind: "video", timestamp: at, bytesSent: bytes, framesSent: frames, frameWidth: 1280, frameHeight: 720 }],
  ["a", { type: "outbound-rtp", kind: "audio", timestamp: at, bytesSent: 1000 }],
  ["p", { type: "candidate-pair", timestamp: at, nominated: true, currentRoundTripTime: 0.0123 }],
];

test("health is what happened between two looks", () => {
  const health = between(look(report(1000, 0, 0)), look(report(3000, 500_000, 60)));
  expect(health).toEqual({ bitsPerSecond: 2_000_000, framesPerSecond: 30, width: 1280, height: 720, roundTripMs: 12 });
});

test("looks at two connections say nothing together", () => {
  expect(between(look(report(1000, 500_000, 60)), look(report(3000, 10, 1)))).toBeNull();
});
