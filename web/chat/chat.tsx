// The chat as it is seen: head, log, composer. What it shows comes in; fold.ts and talk.ts make it.
import { useLocation } from "preact-iso/router";

import { session } from "../shared/session";
import { t } from "../shared/texts/texts";
import { tick } from "../shared/time";
import { Composer } from "./composer";
import type { Room } from "./fold";
import { Log } from "./log";
import type { RoomHandle } from "./use-room";

export function Chat({ handle, title = t.chat.title }: { handle: RoomHandle; title?: string }) {
  const { room } = handle;
  return (
    <section class="chat" aria-labelledby="chat-title">
      <header>
        <h2 id="chat-title">{title}</h2>
      </header>
      <Trouble handle={handle} />
      <Log handle={handle} />
      <Foot room={room} handle={handle} />
    </section>
  );
}

function Trouble({ handle }: { handle: RoomHandle }) {
  const { connection, retryAt, epoch } = handle.room;
  if (connection === "open") return null;
  if (connection === "connecting") {
    return epoch === null ? null : <p class="trouble-bar" role="status">{t.chat.connecting}</p>;
  }
  if (connection === "closed") return <p class="trouble-bar" role="status">{t.chat.gone}</p>;
  const seconds = Math.ceil(((retryAt ?? 0) - tick()) / 1000);
  return (
    <p class="trouble-bar">
      <span>{t.chat.waiting(seconds)}</span>
      <button type="button" class="textual" onClick={handle.reconnect}>{t.chat.now}</button>
    </p>
  );
}

function Foot({ room, handle }: { room: Room; handle: RoomHandle }) {
  const { url } = useLocation();
  if (room.status === "ended" && !room.maySpeak) return <p class="composer muted small">{t.chat.closed}</p>;
  if (session.value === null) {
    return (
      <div class="composer">
        <a class="key wide" href={`/login?next=${encodeURIComponent(url)}`}>{t.chat.signIn}</a>
      </div>
    );
  }
  const mayNotSpeak = room.connection === "open" && room.you !== null && !room.maySpeak;
  if (mayNotSpeak) return <p class="composer muted small">{t.chat.notAllowed}</p>;
  return <Composer room={room} say={handle.say} />;
}
