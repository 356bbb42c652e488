// The microphone's level, drawn as it changes and told in words when nothing comes in.
import { useEffect, useRef, useState } from "preact/hooks";

import { t } from "../shared/texts/texts";

/** What the left end of the meter stands for, in dB below full scale. */
const FLOOR_DB = 60;
/** So long without sound is worth a word, in ms. */
const SILENCE_MS = 4_000;

export function Meter({ media, isMuted }: { media: MediaStream; isMuted: boolean }) {
  const bar = useRef<HTMLDivElement>(null);
  const [isSilent, setSilent] = useState(false);
  const track = media.getAudioTracks()[0];

  useEffect(() => {
    if (!track) return;
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    analyser.fftSize = 1024;
    context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const resume = () => void context.resume();
    addEventListener("pointerdown", resume);
    let shown = 0;
    let heardAt = performance.now();
    let frame = 0;
    const draw = () => {
      analyser.getFloatTimeDomainData(samples);
      const level = levelOf(samples);
      shown = Math.max(level, shown - 0.02);
      if (level > 0.08) heardAt = performance.now();
      setSilent(context.state === "running" && performance.now() - heardAt > SILENCE_MS);
      bar.current?.style.setProperty("--level", `${Math.round(shown * 100)}%`);
      bar.current?.setAttribute("aria-valuenow", String(Math.round(shown * 10) * 10));
      frame = requestAnimationFrame(draw);
    };
    draw();
    return () => {
      cancelAnimationFrame(frame);
      removeEventListener("pointerdown", resume);
      void context.close();
    };
  }, [track]);

  if (!track) return null;
  const word = isMuted ? t.studio.muted : isSilent ? t.studio.silent : "";
  return (
    <div>
      <div class="meter" role="meter" ref={bar} aria-label={t.studio.level} aria-valuemin={0} aria-valuemax={100} aria-valuenow={0}>
        <i />
      </div>
      <p class="small muted" role="status">{word}</p>
    </div>
  );
}

/** How far the meter goes for these samples: 0 to 1 over `FLOOR_DB`. */
export function levelOf(samples: ArrayLike<number>): number {
  let peak = 0;
  for (let i = 0; i < samples.length; i += 1) peak = Math.max(peak, Math.abs(samples[i] ?? 0));
  if (peak === 0) return 0;
  return Math.min(1, Math.max(0, 1 + (20 * Math.log10(peak)) / FLOOR_DB));
}
