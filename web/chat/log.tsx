// The lines: keeps to the newest unless one scrolled up, and then counts what is new.
import { Component } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import { session } from "../shared/session";
import { t } from "../shared/texts/texts";
import { clock } from "../shared/time";
import { hueOf } from "./colours";
import { useDigest } from "./digest";
import type { Line } from "./fold";
import type { RoomHandle } from "./use-room";

/** This close to the end counts as being there, in px. */
const NEAR = 48;

export function Log({ handle }: { handle: RoomHandle }) {
  const { lines, connection } = handle.room;
  const box = useRef<HTMLDivElement>(null);
  const [isAtEnd, setAtEnd] = useState(true);
  const [seen, setSeen] = useState<string | null>(null);
  const digest = useDigest(lines, handle.room.you?.user_id);
  const last = lines[lines.length - 1];

  const toEnd = () => {
    const list = box.current;
    if (list) list.scrollTop = list.scrollHeight;
  };
  // One's own line is always shown.
  const isMine = last?.state === "sending";
  useLayoutEffect(() => {
    if (!isAtEnd && !isMine) return;
    toEnd();
    setSeen(last?.key ?? null);
  }, [last?.key, lines.length, isAtEnd]);
  useEffect(() => {
    const list = box.current;
    if (!list || typeof ResizeObserver === "undefined") return;
    const watch = new ResizeObserver(() => isAtEnd && toEnd());
    watch.observe(list);
    return () => watch.disconnect();
  }, [isAtEnd]);

  const look = () => {
    const { scrollHeight, scrollTop, clientHeight } = box.current as HTMLDivElement;
    setAtEnd(scrollHeight - scrollTop - clientHeight < NEAR);
  };
  const fresh = isAtEnd ? 0 : lines.length - 1 - lines.findIndex((line) => line.key === seen);
  const nothing = session.value ? t.chat.empty : t.chat.emptyReader;
  return (
    <>
      <div class="lines" ref={box} role="log" aria-live="off" aria-label={t.chat.log} tabIndex={0} onScroll={look}>
        {lines.length === 0 && connection === "open" && <p class="nothing">{nothing}</p>}
        {lines.map((line) => <LineView key={line.key} line={line} handle={handle} />)}
      </div>
      <div class="unseen" aria-live="polite">{digest}</div>
      {fresh > 0 && (
        <div class="anchor">
          <button type="button" class="key catchup" onClick={() => { setAtEnd(true); toEnd(); }}>
            {t.chat.fresh(fresh)} ↓
          </button>
        </div>
      )}
    </>
  );
}

interface LineProps {
  readonly line: Line;
  readonly handle: RoomHandle;
}

/** Drawn again only when its line changed: rooms are fast. */
class LineView extends Component<LineProps> {
  override shouldComponentUpdate(next: LineProps): boolean {
    return next.line !== this.props.line;
  }

  override render({ line, handle }: LineProps) {
    const at = new Date(line.at);
    return (
      <div class={`line ${line.state}`}>
        <time dateTime={at.toISOString()}>{clock(at)}</time>
        <div>
          <span class="name" style={{ "--hue": hueOf(line.userId) }}>{line.username}</span>
          {line.isCreator && <span class="badge">{t.chat.creator}</span>}
          <span class="said" dir="auto">{line.text}</span>
          {line.state === "sending" && <span class="unseen">{t.chat.sending}</span>}
        </div>
        {line.state === "failed" && (
          <div class="trouble">
            <span>{t.chat.failed}</span>
            <button type="button" class="textual" onClick={() => handle.sayAgain(line.key)}>{t.chat.again}</button>
            <button type="button" class="textual" onClick={() => handle.forget(line.key)}>{t.chat.discard}</button>
          </div>
        )}
      </div>
    );
  }
}
