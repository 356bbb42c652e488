// The picture with its controls: what live and archive have in common.
import type { ComponentChildren, RefObject, VideoHTMLAttributes } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import { t } from "../shared/texts/texts";
import { Icon } from "../shared/ui/icons";
import { seek, setMuted, setVolume, togglePlay, usePlaying, type Playing } from "./video";

/** The controls leave this long after the last movement, in ms. */
const IDLE_MS = 2_600;
/** One press of an arrow key: seconds, and part of full volume. */
const SEEK_STEP = 5;
const VOLUME_STEP = 0.1;

interface StageProps {
  readonly video: RefObject<HTMLVideoElement | null>;
  readonly attributes?: VideoHTMLAttributes<HTMLVideoElement>;
  readonly canSeek: boolean;
  /** Lies over the picture: states, notes. */
  readonly cover?: ComponentChildren;
  /** Muted by the browser's policy: offers sound in the middle of the picture. */
  readonly wantsSound?: boolean;
  /** Goes above the row of controls. */
  readonly above?: (playing: Playing) => ComponentChildren;
  /** Goes between the left and the right controls. */
  readonly middle?: (playing: Playing) => ComponentChildren;
  readonly hasControls?: boolean;
}

export function Stage(props: StageProps) {
  const { video, attributes, canSeek, cover, wantsSound, above, middle, hasControls = true } = props;
  const stage = useRef<HTMLDivElement>(null);
  const playing = usePlaying(video);
  const [isIdle, poke] = useIdle(playing.isPlaying && hasControls);
  const [isFull, toggleFull] = useFullscreen(stage);

  const onKeyDown = (event: KeyboardEvent) => {
    poke();
    if (event.altKey || event.ctrlKey || event.metaKey || !hasControls) return;
    const act = keyFor(event, canSeek, video.current, toggleFull);
    if (!act) return;
    event.preventDefault();
    act();
  };
  return (
    <div
      class={isIdle ? "stage idle" : "stage"} ref={stage} role="group" aria-label={t.player.player} tabIndex={0}
      aria-description={canSeek ? t.player.keysArchive : t.player.keys}
      onKeyDown={onKeyDown} onPointerMove={poke} onPointerDown={poke} onFocusIn={poke}
    >
      <video
        ref={video} playsInline {...attributes}
        onClick={() => canSeek && matchMedia("(hover: hover)").matches && togglePlay(video.current)}
        onDblClick={toggleFull}
      />
      {cover}
      {wantsSound && playing.isMuted && (
        <button type="button" class="key big sound" onClick={() => setMuted(video.current, false)}>
          <Icon name="silent" /> {t.player.tapForSound}
        </button>
      )}
      {hasControls && (
        <div class="panel">
          {above?.(playing)}
          <div class="row">
            <Knob name={playing.isPlaying ? "pause" : "play"} label={playing.isPlaying ? t.player.pause : t.player.play}
              onPress={() => togglePlay(video.current)} />
            <Volume video={video} playing={playing} />
            {middle?.(playing)}
            <span class="fill" />
            {document.pictureInPictureEnabled && (
              <Knob name="pip" label={t.player.pip} onPress={() => togglePip(video.current)} />
            )}
            <Knob name={isFull ? "unfull" : "full"} label={isFull ? t.player.exitFullscreen : t.player.fullscreen}
              onPress={toggleFull} />
          </div>
        </div>
      )}
    </div>
  );
}

type KnobProps = { name: Parameters<typeof Icon>[0]["name"]; label: string; onPress: () => void };

function Knob({ name, label, onPress }: KnobProps) {
  return (
    <button type="button" class={`knob ${name}`} aria-label={label} title={label} onClick={onPress}><Icon name={name} /></button>
  );
}

function Volume({ video, playing }: { video: RefObject<HTMLVideoElement | null>; playing: Playing }) {
  const { isMuted, volume } = playing;
  const shown = isMuted ? 0 : Math.round(volume * 100);
  return (
    <>
      <Knob name={isMuted ? "silent" : "sound"} label={isMuted ? t.player.unmute : t.player.mute}
        onPress={() => setMuted(video.current, !isMuted)} />
      <input
        type="range" class="slider volume" min={0} max={100} step={5} value={shown} aria-label={t.player.volume}
        style={{ "--done": `${shown}%` }}
        onInput={(event) => setVolume(video.current, Number(event.currentTarget.value) / 100)}
      />
    </>
  );
}

/** Single keys work only while the player has the focus (WCAG 2.1.4). */
function keyFor(
  { key, target }: KeyboardEvent, canSeek: boolean, video: HTMLVideoElement | null, toggleFull: () => void,
): (() => void) | null {
  const isControl = target instanceof HTMLInputElement || target instanceof HTMLSelectElement;
  const isButton = target instanceof HTMLButtonElement || target instanceof HTMLAnchorElement;
  const at = video?.currentTime ?? 0;
  switch (key.toLowerCase()) {
    case " ":
      return isControl || isButton ? null : () => togglePlay(video);
    case "k":
      return () => togglePlay(video);
    case "m":
      return () => setMuted(video, !video?.muted);
    case "f":
      return toggleFull;
    case "i":
      return () => togglePip(video);
    case "arrowup":
      return isControl ? null : () => setVolume(video, (video?.volume ?? 0) + VOLUME_STEP);
    case "arrowdown":
      return isControl ? null : () => setVolume(video, (video?.volume ?? 0) - VOLUME_STEP);
    case "arrowleft":
      return isControl || !canSeek ? null : () => seek(video, at - SEEK_STEP);
    case "arrowright":
      return isControl || !canSeek ? null : () => seek(video, at + SEEK_STEP);
    default:
      return null;
  }
}

function togglePip(video: HTMLVideoElement | null): void {
  const done = document.pictureInPictureElement ? document.exitPictureInPicture() : video?.requestPictureInPicture();
  done?.catch(() => {});
}

function useFullscreen(stage: RefObject<HTMLDivElement | null>): [boolean, () => void] {
  const [isFull, setFull] = useState(false);
  useEffect(() => {
    const look = () => setFull(document.fullscreenElement !== null && document.fullscreenElement === stage.current);
    document.addEventListener("fullscreenchange", look);
    return () => document.removeEventListener("fullscreenchange", look);
  }, []);
  const toggle = () => {
    // iPhones know full screen for the video alone.
    const video = stage.current?.querySelector("video") as (HTMLVideoElement & { webkitEnterFullscreen?(): void }) | null;
    if (document.fullscreenElement) void document.exitFullscreen();
    else if (stage.current?.requestFullscreen) stage.current.requestFullscreen().catch(() => {});
    else video?.webkitEnterFullscreen?.();
  };
  return [isFull, toggle];
}

function useIdle(mayIdle: boolean): [boolean, () => void] {
  const [isIdle, setIdle] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const poke = () => {
    setIdle(false);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setIdle(true), IDLE_MS);
  };
  useEffect(() => {
    poke();
    return () => clearTimeout(timer.current);
  }, []);
  return [isIdle && mayIdle, poke];
}
