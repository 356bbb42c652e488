// What the camera or screen shows, framed, with the lamp above it.
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { t } from "../shared/texts/texts";
import { Lamp } from "../shared/ui/lamp";
import type { Phase } from "./broadcast";

interface PreviewProps {
  readonly media: MediaStream | null;
  readonly isMirrored: boolean;
  readonly phase: Phase;
  /** In place of a picture. */
  readonly children?: ComponentChildren;
}

const TONES: Readonly<Partial<Record<Phase, "air" | "wait">>> = {
  live: "air", ending: "air", starting: "wait", reconnecting: "wait",
};

export function Preview({ media, isMirrored, phase, children }: PreviewProps) {
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    if (!video.current) return;
    video.current.srcObject = media;
    if (media) void video.current.play().catch(() => {});
  }, [media]);
  const word = phase === "off" ? (media ? t.studio.lamp.preview : t.studio.lamp.off) : t.studio.lamp[phase];
  return (
    <div class="stage framed" data-phase={phase}>
      <video ref={video} muted playsInline autoPlay class={isMirrored ? "mirrored" : ""} aria-label={t.studio.lamp.preview} />
      <Lamp tone={TONES[phase] ?? "plain"}>{word}</Lamp>
      {!media && <div class="cover full">{children}</div>}
    </div>
  );
}
