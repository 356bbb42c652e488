// The recording itself, or why there is none to watch.
import { useEffect, useRef, useState } from "preact/hooks";

import { reach } from "../shared/reach";
import type { Archive } from "../shared/shapes";
import { sentence, t } from "../shared/texts/texts";
import { timecode } from "../shared/time";
import { attach } from "./hls";
import { Stage } from "./stage";
import { playAloud, seek, type Playing } from "./video";

const SPEEDS = [0.5, 1, 1.25, 1.5, 2] as const;

export function ArchiveStage({ archive }: { archive: Archive }) {
  const video = useRef<HTMLVideoElement>(null);
  const [isBroken, setBroken] = useState(false);
  const [wantsSound, setWantsSound] = useState(false);
  const isThere = archive.status === "ready" || archive.status === "complete";
  const url = isThere ? (archive.hls_url ?? `/api/archives/${archive.archive_id}/hls/index.m3u8`) : null;

  useEffect(() => {
    const element = video.current;
    if (!element || !url) return;
    let detach = () => {};
    let isOver = false;
    void attach(element, reach(url), () => setBroken(true)).then((done) => {
      if (isOver) return done();
      detach = done;
      void playAloud(element).then(setWantsSound);
    });
    return () => {
      isOver = true;
      detach();
    };
  }, [url]);

  const cover = coverFor(archive, isBroken);
  const poster = archive.thumbnail_url ? { poster: reach(archive.thumbnail_url) } : {};
  return (
    <Stage
      video={video} canSeek hasControls={!cover} cover={cover} attributes={poster} wantsSound={wantsSound}
      above={(playing) => <Seek playing={playing} to={(at) => seek(video.current, at)} />}
      middle={(playing) => (
        <>
          <span class="figure">{timecode(playing.time)} / {timecode(playing.duration)}</span>
          <Speed to={(rate) => { if (video.current) video.current.playbackRate = rate; }} />
        </>
      )}
    />
  );
}

function coverFor(archive: Archive, isBroken: boolean) {
  const a = t.archive;
  if (archive.status === "recording") {
    return (
      <div class="cover full">
        <h2>{a.recording}</h2>
        <p>{a.recordingMore}</p>
        <a class="key main" href={`/watch/${archive.stream_id}`}>{a.watchLive}</a>
      </div>
    );
  }
  if (archive.status === "failed") {
    const why = archive.failure ? sentence(archive.failure) : a.failedMore;
    return <div class="cover full"><h2>{a.failed}</h2><p>{why}</p></div>;
  }
  if (!isBroken) return null;
  return (
    <div class="cover full" role="alert">
      <h2>{a.playbackFailed}</h2>
      <button type="button" class="key" onClick={() => location.reload()}>{t.errors.reload}</button>
    </div>
  );
}

function Seek({ playing, to }: { playing: Playing; to: (seconds: number) => void }) {
  const { time, duration } = playing;
  const done = duration > 0 ? (time / duration) * 100 : 0;
  return (
    <input
      type="range" class="slider seek" min={0} max={duration || 1} step="any" value={time} aria-label={t.player.seek}
      aria-valuetext={t.player.position(timecode(time), timecode(duration))} style={{ "--done": `${done}%` }}
      onInput={(event) => to(Number(event.currentTarget.value))}
    />
  );
}

function Speed({ to }: { to: (rate: number) => void }) {
  const [rate, setRate] = useState("1");
  const pick = (next: string) => {
    setRate(next);
    to(Number(next));
  };
  return (
    <select aria-label={t.player.speed} value={rate} onChange={(event) => pick(event.currentTarget.value)}>
      {SPEEDS.map((speed) => <option key={speed} value={String(speed)}>{speed}×</option>)}
    </select>
  );
}
