// While on air: figures, mute, link, end.
import { useState } from "preact/hooks";

import { onAir } from "../shared/on-air";
import type { StartedStream } from "../shared/shapes";
import { inWords, t } from "../shared/texts/texts";
import { tick, timecode } from "../shared/time";
import { Ask } from "../shared/ui/ask";
import { Copy } from "../shared/ui/copy";
import { Icon } from "../shared/ui/icons";
import { Notice } from "../shared/ui/notice";
import { end, phase, problem, source } from "./broadcast";
import { useHealth } from "./use-health";

export function Desk({ stream, viewers }: { stream: StartedStream; viewers: number | null }) {
  const s = t.studio;
  // Counted, since a question that was just closed still says so when the next one is open already.
  const [asking, setAsking] = useState(0);
  const closed = (which: number) => setAsking((now) => (now === which ? 0 : now));
  const wrong = problem.value;
  const isEnding = phase.value === "ending";
  return (
    <div class="desk">
      <h1>{stream.title}</h1>
      {phase.value === "reconnecting" && <Notice tone="warn"><span>{s.state.reconnecting}</span></Notice>}
      {phase.value === "starting" && <Notice><span>{s.state.starting}</span></Notice>}
      {phase.value === "refused" && <Notice tone="bad"><span>{s.state.refused}</span></Notice>}
      {wrong && <Notice tone="bad"><span>{inWords(wrong)}</span></Notice>}
      <Readout viewers={viewers} />
      <div class="row spread">
        <Switches />
        <button type="button" class="key air" disabled={isEnding} onClick={() => setAsking((now) => now + 1)}>
          {isEnding ? s.ending : s.end}
        </button>
      </div>
      <Share streamId={stream.stream_id} />
      {asking > 0 && (
        <Ask
          key={asking} title={s.endAsk} more={s.endAskMore} yes={s.endYes} no={s.endNo}
          onYes={() => { closed(asking); void end(); }} onNo={() => closed(asking)}
        />
      )}
    </div>
  );
}

function Readout({ viewers }: { viewers: number | null }) {
  const s = t.studio;
  const health = useHealth();
  const mine = onAir.value;
  const rate = health ? s.rate((health.bitsPerSecond / 1e6).toFixed(1)) : "–";
  const details = health
    ? [`${health.width}×${health.height}`, s.frames(health.framesPerSecond)].concat(
        health.roundTripMs === null ? [] : [s.roundTrip(health.roundTripMs)],
      )
    : [];
  return (
    <dl class="readout">
      <div><dt>{s.elapsed}</dt><dd class="elapsed">{mine ? timecode((tick() - mine.since) / 1000) : "–"}</dd></div>
      <div><dt>{s.viewers}</dt><dd class="viewers">{viewers ?? "–"}</dd></div>
      <div><dt>{s.sending}</dt><dd>{rate}<small>{details.join(" · ") || " "}</small></dd></div>
    </dl>
  );
}

/** Mute and hide: the tracks stay, so nothing is negotiated anew. */
function Switches() {
  const s = t.studio;
  const media = source.value?.media ?? null;
  const [, redraw] = useState(0);
  const toggle = (tracks: readonly MediaStreamTrack[]) => {
    for (const track of tracks) track.enabled = !track.enabled;
    redraw((n) => n + 1);
  };
  const audio = media?.getAudioTracks() ?? [];
  const video = media?.getVideoTracks() ?? [];
  const isMuted = audio.length > 0 && !audio[0]?.enabled;
  const isHidden = video.length > 0 && !video[0]?.enabled;
  return (
    <div class="row">
      {audio.length > 0 && (
        <button type="button" class="key" aria-pressed={isMuted} onClick={() => toggle(audio)}>
          <Icon name={isMuted ? "silent" : "mic"} size={18} /> {isMuted ? s.unmute : s.mute}
        </button>
      )}
      <button type="button" class="key" aria-pressed={isHidden} onClick={() => toggle(video)}>
        <Icon name="camera" size={18} /> {isHidden ? s.unhide : s.hide}
      </button>
    </div>
  );
}

function Share({ streamId }: { streamId: string }) {
  const s = t.studio;
  const url = `${location.origin}/watch/${streamId}`;
  return (
    <div class="field">
      <label for="share">{s.share}</label>
      <div class="sharelink">
        <input id="share" class="box" readOnly value={url} onFocus={(event) => event.currentTarget.select()} />
        <Copy text={url} done={s.copied}>{s.copy}</Copy>
        <a class="key" href={url} target="_blank" rel="noreferrer">{s.openPage}</a>
      </div>
    </div>
  );
}
