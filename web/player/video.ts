// A <video> as the controls see it, and what they do to it.
import type { RefObject } from "preact";
import { useEffect, useState } from "preact/hooks";

export interface Playing {
  readonly isPlaying: boolean;
  readonly isMuted: boolean;
  readonly volume: number;
  readonly time: number;
  readonly duration: number;
}

const STILL: Playing = { isPlaying: false, isMuted: true, volume: 1, time: 0, duration: 0 };
const EVENTS = ["play", "playing", "pause", "ended", "volumechange", "timeupdate", "durationchange", "seeked"];

export function usePlaying(video: RefObject<HTMLVideoElement | null>): Playing {
  const [playing, setPlaying] = useState(STILL);
  useEffect(() => {
    const element = video.current;
    if (!element) return;
    const look = () => {
      const { paused, muted, volume, currentTime, duration } = element;
      const length = Number.isFinite(duration) ? duration : 0;
      setPlaying({ isPlaying: !paused, isMuted: muted || volume === 0, volume, time: currentTime, duration: length });
    };
    look();
    for (const event of EVENTS) element.addEventListener(event, look);
    return () => {
      for (const event of EVENTS) element.removeEventListener(event, look);
    };
  }, []);
  return playing;
}

/**
 * Plays with sound where the browser allows it, muted otherwise. True: it had to be muted although nobody
 * asked for silence.
 */
export async function playAloud(video: HTMLVideoElement): Promise<boolean> {
  const wanted = savedSound();
  video.volume = wanted.volume;
  const mayTry = navigator.userActivation?.hasBeenActive ?? false;
  video.muted = wanted.isMuted || !mayTry;
  try {
    await video.play();
  } catch (thrown) {
    if ((thrown as Error).name !== "NotAllowedError") return false;
    video.muted = true;
    await video.play().catch(() => {});
  }
  return video.muted && !wanted.isMuted;
}

export function togglePlay(video: HTMLVideoElement | null): void {
  if (video?.paused) void video.play().catch(() => {});
  else video?.pause();
}

export function setMuted(video: HTMLVideoElement | null, isMuted: boolean): void {
  if (!video) return;
  video.muted = isMuted;
  if (!isMuted && video.volume === 0) video.volume = 0.5;
  saveSound(video);
}

export function setVolume(video: HTMLVideoElement | null, volume: number): void {
  if (!video) return;
  video.volume = Math.min(1, Math.max(0, volume));
  video.muted = video.volume === 0;
  saveSound(video);
}

export function seek(video: HTMLVideoElement | null, to: number): void {
  if (!video || !Number.isFinite(video.duration)) return;
  video.currentTime = Math.min(video.duration, Math.max(0, to));
}

interface Sound {
  readonly volume: number;
  readonly isMuted: boolean;
}

function savedSound(): Sound {
  try {
    const saved = JSON.parse(localStorage.getItem("sound") ?? "null") as Sound | null;
    if (saved && saved.volume >= 0 && saved.volume <= 1) return saved;
  } catch {
    // Unreadable or switched off: as if nothing was saved.
  }
  return { volume: 1, isMuted: false };
}

function saveSound({ volume, muted }: HTMLVideoElement): void {
  try {
    localStorage.setItem("sound", JSON.stringify({ volume, isMuted: muted }));
  } catch {
    // Without storage the choice lasts as long as the page.
  }
}
