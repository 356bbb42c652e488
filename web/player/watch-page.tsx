// The player page: live picture, what it is, chat.
import { useEffect, useState } from "preact/hooks";

import { Chat } from "../chat/chat";
import { useRoom } from "../chat/use-room";
import { knownStream } from "../shared/boot";
import { stream as fetchStream } from "../shared/calls";
import { session } from "../shared/session";
import { liveStatus, nameOf, type Stream } from "../shared/shapes";
import { t } from "../shared/texts/texts";
import { ago, tick } from "../shared/time";
import { Copy } from "../shared/ui/copy";
import { Icon } from "../shared/ui/icons";
import { useLoad } from "../shared/ui/load";
import { useTitle } from "../shared/ui/page";
import { Trouble } from "../shared/ui/trouble";
import { LiveStage } from "./live-stage";

/** How often the stream is asked for while the chat, which would tell, is away; in ms. */
const ASK_EVERY = 5_000;

export function WatchPage({ id }: { id?: string }) {
  const streamId = id ?? "";
  const isSettled = session.value !== undefined;
  if (!isSettled && !knownStream(streamId)) return <div class="loading" />;
  return <Loaded key={streamId} streamId={streamId} />;
}

function Loaded({ streamId }: { streamId: string }) {
  const [known] = useState(() => knownStream(streamId));
  const { value, problem, again } = useLoad(streamId, () => fetchStream(streamId), known?.stream);
  useEffect(() => {
    if (known?.isStale) again();
  }, []);
  if (!value) return problem ? <Trouble problem={problem} again={again} /> : <div class="loading" />;
  return <Watching stream={value} again={again} />;
}

function Watching({ stream, again }: { stream: Stream; again: () => void }) {
  const wasOver = liveStatus(stream) === "ended";
  const handle = useRoom(stream.stream_id);
  const { room } = handle;
  const status = wasOver ? "ended" : (room.status ?? liveStatus(stream));
  const isTold = room.connection === "open" || wasOver;
  useTitle(t.player.title(stream.title, nameOf(stream.user)));
  useEffect(() => {
    if (isTold) return;
    const timer = setInterval(again, ASK_EVERY);
    return () => clearInterval(timer);
  }, [isTold]);
  return (
    <div class="watch">
      <LiveStage
        stream={stream} status={status} archiveId={room.archiveId ?? stream.archive_id ?? null} connected={handle.wake}
      />
      <About stream={stream} viewers={room.viewers ?? stream.viewer_count ?? null} isLive={status !== "ended"} />
      <Chat handle={handle} />
    </div>
  );
}

interface AboutProps {
  readonly stream: Stream;
  readonly viewers: number | null;
  readonly isLive: boolean;
}

function About({ stream, viewers, isLive }: AboutProps) {
  const started = ago(new Date(stream.started_at), new Date(tick()), t.locale);
  return (
    <div class="about">
      <div class="stack tight">
        <h1>{stream.title}</h1>
        <div class="facts">
          <strong>{nameOf(stream.user)}</strong>
          {isLive && !!viewers && <span class="viewers">{t.player.viewers(viewers)}</span>}
          <time dateTime={stream.started_at}>{t.player.started(started)}</time>
          {stream.visibility === "unlisted" && <span class="tag">{t.player.unlisted}</span>}
          {stream.visibility === "private" && <span class="tag">{t.player.private}</span>}
        </div>
      </div>
      <div class="row">
        <Copy text={location.href} done={t.player.copied}><Icon name="share" size={18} /> {t.player.share}</Copy>
      </div>
    </div>
  );
}
