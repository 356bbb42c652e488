// Where one writes: sends on Enter, counts towards the limit, says how long to wait.
import { useRef, useState } from "preact/hooks";

import { inWords, t } from "../shared/texts/texts";
import { Problem } from "../shared/problem";
import { tick } from "../shared/time";
import type { Room } from "./fold";

/** The counter shows from here on. */
const COUNT_FROM = 60;

export function Composer({ room, say }: { room: Room; say: (text: string) => void }) {
  const [text, setText] = useState("");
  const box = useRef<HTMLTextAreaElement>(null);
  const left = room.maxChars - [...text.trim()].length;
  const wait = secondsLeft(room);
  const isReady = room.connection === "open" && room.you !== null && wait <= 0 && left >= 0 && text.trim() !== "";

  const send = () => {
    if (!isReady) return;
    say(text.trim());
    setText("");
    box.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send();
  };
  const hint = hintFor(room, left, wait);
  return (
    <form class="composer" onSubmit={(event) => { event.preventDefault(); send(); }}>
      <div class="row">
        <label class="unseen" for="say">{t.chat.message}</label>
        <textarea
          id="say" ref={box} rows={1} value={text} placeholder={t.chat.placeholder} aria-describedby="say-hint"
          enterkeyhint="send" onInput={(event) => setText(event.currentTarget.value)} onKeyDown={onKeyDown}
        />
        <button class="key main" disabled={!isReady}>{t.chat.send}</button>
      </div>
      <p id="say-hint" class={hint.isBad ? "hint bad" : "hint"} role="status">{hint.text}</p>
    </form>
  );
}

function secondsLeft(room: Room): number {
  const until = room.refusal?.until ?? null;
  return until === null ? 0 : Math.ceil((until - tick()) / 1000);
}

function hintFor(room: Room, left: number, wait: number): { text: string; isBad: boolean } {
  if (left < 0) return { text: t.chat.tooLong(-left), isBad: true };
  if (room.refusal && room.refusal.until !== null) return { text: t.chat.tooFast(wait), isBad: wait > 0 };
  if (room.refusal) return { text: inWords(new Problem(400, room.refusal.code, room.refusal.error)), isBad: true };
  return { text: left <= COUNT_FROM ? t.chat.left(left) : "", isBad: false };
}
