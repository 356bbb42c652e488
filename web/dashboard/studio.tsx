// The Go-live page: prepare, be on air, end.
import { useEffect } from "preact/hooks";

import { Chat } from "../chat/chat";
import { useRoom } from "../chat/use-room";
import { session } from "../shared/session";
import type { StartedStream } from "../shared/shapes";
import { t } from "../shared/texts/texts";
import { ArchiveSoon } from "../shared/ui/archive-soon";
import { Notice } from "../shared/ui/notice";
import { useTitle } from "../shared/ui/page";
import { clear, exchange, phase, source, stream, wasEnded } from "./broadcast";
import { Desk } from "./desk";
import { Meter } from "./meter";
import { Pickers } from "./pickers";
import { Plan } from "./plan";
import { Preview } from "./preview";
import { Unfinished } from "./unfinished";
import { useSource, type SourceHandle } from "./use-source";

export default function Studio() {
  useTitle(t.studio.title);
  if (session.value === undefined) return <div class="loading" />;
  if (session.value === null) return <SignInFirst />;
  if (phase.value === "ended" && stream.value) return <Ended stream={stream.value} />;
  return <Room />;
}

function SignInFirst() {
  return (
    <div class="page narrow">
      <div class="sheet stack">
        <h1>{t.studio.signInFirst}</h1>
        <p class="muted">{t.studio.signInMore}</p>
        <a class="key main big" href="/signup?next=/go-live">{t.auth.signUp}</a>
        <p class="muted">{t.auth.haveAccount} <a href="/login?next=/go-live">{t.auth.logIn}</a></p>
      </div>
    </div>
  );
}

function Room() {
  const handle = useSource(source.peek());
  const running = stream.value;
  const isOn = running !== null;
  const chat = useRoom(running?.stream_id ?? null);
  const { media, wish } = handle;
  // While on air another choice is sent at once.
  useEffect(() => {
    if (isOn && media && media !== source.peek()?.media) exchange({ media, wish });
  }, [media]);
  useEffect(() => {
    if (chat.room.status === "ended") wasEnded();
  }, [chat.room.status]);
  useEffect(() => {
    if (phase.value === "live") chat.wake();
  }, [phase.value]);
  // A camera that nobody uses is not left running.
  useEffect(() => () => {
    if (phase.peek() === "off") for (const track of media?.getTracks() ?? []) track.stop();
  }, [media]);

  return (
    <div class="studio">
      <div class="desk">
        <Preview media={media} isMirrored={wish.source === "camera"} phase={phase.value}><TurnOn handle={handle} /></Preview>
        {!isOn && phase.value === "off" && <Unfinished handle={handle} />}
        {media && handle.trouble && <Notice tone="bad"><span>{handle.trouble}</span></Notice>}
        {media && <Meter media={media} isMuted={media.getAudioTracks()[0]?.enabled === false} />}
        {running && <Desk stream={running} viewers={chat.room.viewers} />}
        {isOn
          ? <details class="more"><summary>{t.studio.sources}</summary><Pickers handle={handle} /></details>
          : <Pickers handle={handle} />}
      </div>
      {running ? <Chat handle={chat} title={t.studio.chat} /> : <Plan handle={handle} />}
    </div>
  );
}

function TurnOn({ handle }: { handle: SourceHandle }) {
  const s = t.studio;
  const { wish, isOpening, trouble, choose } = handle;
  const isScreen = wish.source === "screen";
  return (
    <>
      {trouble ? <p role="alert">{trouble}</p> : <p>{isScreen ? s.chooseScreenMore : s.turnOnMore}</p>}
      {trouble !== s.insecure && (
        <button type="button" class="key big" disabled={isOpening} onClick={() => choose({})}>
          {trouble ? s.tryAgain : isScreen ? s.chooseScreen : s.turnOn}
        </button>
      )}
    </>
  );
}

function Ended({ stream: over }: { stream: StartedStream }) {
  const s = t.studio;
  return (
    <div class="page medium stack">
      <div class="testcard"><span class="sign">{s.endedTitle}</span></div>
      <h1>{over.title}</h1>
      <p class="muted">{s.endedMore}</p>
      <ArchiveSoon streamId={over.stream_id} known={over.archive_id ?? null} />
      <div class="row">
        <button type="button" class="key" onClick={clear}>{s.again}</button>
        <a class="key" href="/">{t.errors.home}</a>
      </div>
    </div>
  );
}
