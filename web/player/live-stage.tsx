// The live picture: connects, shows, and names the state it is in.
import { useEffect, useRef, useState } from "preact/hooks";

import type { LinkState } from "../media/link";
import { take } from "../media/watch";
import { reachMedia } from "../shared/reach";
import { nameOf, type LiveStatus, type Stream } from "../shared/shapes";
import { inWords, t } from "../shared/texts/texts";
import { tick, timecode } from "../shared/time";
import { Lamp } from "../shared/ui/lamp";
import { Waiting } from "../shared/ui/waiting";
import { ArchiveSoon } from "../shared/ui/archive-soon";
import { usePictures } from "./pictures";
import { Stage } from "./stage";
import { playAloud } from "./video";
import { viewerState, type ViewerState } from "./viewer-state";

interface LiveStageProps {
  readonly stream: Stream;
  readonly status: LiveStatus;
  readonly archiveId: string | null;
  /** Told whenever the connection stands: what else was lost with it can come back too. */
  connected(): void;
}

export function LiveStage({ stream, status, archiveId, connected }: LiveStageProps) {
  const video = useRef<HTMLVideoElement>(null);
  const [link, setLink] = useState<LinkState>({ at: "connecting" });
  const [wantsSound, setWantsSound] = useState(false);
  const { hasPicture, isStalled } = usePictures(video);
  const isOver = status === "ended";
  const canPlay = typeof RTCPeerConnection !== "undefined";

  useEffect(() => {
    const element = video.current;
    if (isOver || !element || !canPlay) return;
    const watch = take(stream.stream_id, stream.whep_url && reachMedia(stream.whep_url, stream.hls_url));
    watch.changed = () => setLink(watch.state);
    watch.changed();
    element.srcObject = watch.media;
    void playAloud(element).then(setWantsSound);
    return () => {
      watch.changed = () => {};
      watch.close();
      element.srcObject = null;
    };
  }, [stream.stream_id, isOver]);

  useEffect(() => {
    if (link.at === "connected") connected();
  }, [link.at]);

  const problem = link.at === "waiting" || link.at === "refused" ? link.problem : null;
  const state = viewerState({ status, link: link.at, problem: problem?.code ?? null, hasPicture, isStalled });
  const refusal = canPlay ? (problem ? inWords(problem) : "") : t.player.states.noWebRtc;
  return (
    <Stage
      video={video} canSeek={false} attributes={{ autoplay: true }} hasControls={state !== "ended"}
      wantsSound={wantsSound && state === "live"}
      cover={<Cover state={canPlay ? state : "refused"} stream={stream} refusal={refusal} archiveId={archiveId} />}
      middle={() => <Clock state={state} since={stream.started_at} />}
    />
  );
}

function Clock({ state, since }: { state: ViewerState; since: string }) {
  if (state !== "live" && state !== "stalled") return null;
  return (
    <>
      <Lamp tone="air">{t.player.live}</Lamp>
      <span class="figure" aria-hidden="true">{timecode((tick() - Date.parse(since)) / 1000)}</span>
    </>
  );
}

interface CoverProps {
  readonly state: ViewerState;
  readonly stream: Stream;
  readonly refusal: string;
  readonly archiveId: string | null;
}

/** Said over the picture; the last picture stays visible behind what will pass. */
function Cover({ state, stream, refusal, archiveId }: CoverProps) {
  const s = t.player.states;
  const isFull = state === "ended" || state === "refused" || state === "starting" || state === "connecting";
  const look = isFull ? "cover full" : "cover";
  const words: Readonly<Record<ViewerState, readonly [title: string, more?: string]>> = {
    live: [""],
    connecting: [s.connecting],
    starting: [s.starting, s.startingMore(nameOf(stream.user))],
    reconnecting: [s.reconnecting],
    away: [s.away, s.awayMore],
    stalled: [s.stalled],
    ended: [s.ended, s.endedMore],
    refused: [s.refused, refusal],
  };
  const [title, more] = words[state];
  return (
    <>
      <p class="unseen" role="status">{state === "live" ? t.player.live : title}</p>
      {state !== "live" && (
        <div class={look} data-state={state}>
          {state !== "ended" && state !== "refused" && <Waiting />}
          <h2>{title}</h2>
          {more && <p>{more}</p>}
          {state === "ended" && <ArchiveSoon streamId={stream.stream_id} known={archiveId} />}
          {state === "refused" && <a class="key" href="/">{t.player.home}</a>}
        </div>
      )}
    </>
  );
}
