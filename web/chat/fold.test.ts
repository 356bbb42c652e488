import { expect, test } from "vitest";

import { EMPTY, fold, MOST_LINES, unanswered, type Room } from "./fold";
import type { Entry, Joined, ServerFrame } from "./frames";

const ME = { user_id: "u1", username: "mika" };

const entry = (offset: number, text: string, more: Partial<Entry> = {}): Entry => ({
  offset, id: `${1000 + offset}-${offset}`, at: 1000 + offset, kind: "message", by: { user_id: "u2", username: "ren" }, text, ...more,
});

const joined = (more: Partial<Joined> = {}): Joined => ({
  type: "joined", epoch: "e1", offset: 0, recovered: false, events: [], you: ME, may_speak: true, max_chars: 500,
  server_time: 0, status: "live", viewer_count: 3, ...more,
});

const hear = (room: Room, ...frames: ServerFrame[]) =>
  frames.reduce((now, frame) => fold(now, { kind: "frame", frame, now: 5000 }), room);

const texts = (room: Room) => room.lines.map((line) => line.text);

test("joining shows the history and what the room is like", () => {
  const room = hear(EMPTY, joined({ offset: 2, events: [entry(1, "a"), entry(2, "b")] }));
  expect(room).toMatchObject({ connection: "open", offset: 2, status: "live", viewers: 3, maySpeak: true });
  expect(texts(room)).toEqual(["a", "b"]);
});

test("each entry is shown once, in the log's order", () => {
  const room = hear(EMPTY, joined(), { type: "events", events: [entry(2, "b")] }, { type: "events", events: [entry(1, "a"), entry(2, "b")] });
  expect(texts(room)).toEqual(["a", "b"]);
  expect(room.offset).toBe(2);
});

test("one's own line is sending, then sent, and never twice, whichever answer comes first", () => {
  const own = entry(1, "hi", { by: ME, client_id: "c1" });
  const said = fold(hear(EMPTY, joined()), { kind: "say", id: "c1", text: "hi", now: 1 });
  expect(said.lines).toMatchObject([{ state: "sending", offset: null }]);
  const ack: ServerFrame = { type: "ack", id: "c1", offset: 1 };
  const log: ServerFrame = { type: "events", events: [own] };
  for (const frames of [[ack, log], [log, ack]]) {
    expect(hear(said, ...frames).lines).toMatchObject([{ key: "c1", state: "sent", offset: 1, text: "hi" }]);
  }
});

test("a stranger's line with my client id is not mine", () => {
  const said = fold(hear(EMPTY, joined()), { kind: "say", id: "c1", text: "hi", now: 1 });
  const room = hear(said, { type: "events", events: [entry(1, "other", { client_id: "c1" })] });
  expect(room.lines.map((line) => line.state)).toEqual(["sent", "sending"]);
});

test("a refused line fails and says how long to wait; the next accepted one clears that", () => {
  const said = fold(hear(EMPTY, joined()), { kind: "say", id: "c1", text: "hi", now: 1 });
  const room = hear(said, { type: "error", code: "TOO_FAST", error: "too fast", id: "c1", retry_after_ms: 1500 });
  expect(room.lines).toMatchObject([{ state: "failed", why: "TOO_FAST" }]);
  expect(room.refusal).toEqual({ code: "TOO_FAST", error: "too fast", until: 6500 });
  const again = fold(fold(room, { kind: "forget", key: "c1" }), { kind: "say", id: "c2", text: "hi", now: 2 });
  expect(hear(again, { type: "ack", id: "c2", offset: 1 })).toMatchObject({ refusal: null, lines: [{ key: "c2", state: "sent" }] });
});

test("a recovered return adds the gap; one that is not starts afresh but keeps what is unanswered", () => {
  const before = hear(EMPTY, joined({ offset: 1, events: [entry(1, "a")] }));
  const said = fold(fold(before, { kind: "say", id: "c1", text: "mine", now: 1 }), { kind: "lost", retryAt: 9 });
  const back = hear(said, joined({ recovered: true, offset: 2, events: [entry(2, "b")] }));
  expect(texts(back)).toEqual(["a", "b", "mine"]);
  const afresh = hear(said, joined({ epoch: "e2", offset: 7, events: [entry(7, "new")] }));
  expect(texts(afresh)).toEqual(["new", "mine"]);
  expect(afresh).toMatchObject({ epoch: "e2", offset: 7 });
});

test("a log that cannot be read takes nothing off the screen, and its position is not kept", () => {
  const before = hear(EMPTY, joined({ offset: 1, events: [entry(1, "a")] }));
  const room = hear(before, joined({ epoch: "", offset: 0, history: "unavailable", viewer_count: null }));
  expect(texts(room)).toEqual(["a"]);
  expect(room).toMatchObject({ epoch: null, viewers: 3 });
});

test("what arrived just before the connection was lost is not said again", () => {
  const said = fold(hear(EMPTY, joined()), { kind: "say", id: "c1", text: "hi", now: 1 });
  const back = hear(said, joined({ offset: 1, recovered: true, events: [entry(1, "hi", { by: ME, client_id: "c1" })] }));
  expect([unanswered(back).length, back.lines.length]).toEqual([0, 1]);
});

test("the stream's news is kept, and a missing count does not erase the last one", () => {
  const room = hear(EMPTY, joined(), { type: "stream", status: "reconnecting" }, { type: "stream", status: "ended", viewer_count: 0, archive_id: "a1" });
  expect(room).toMatchObject({ status: "ended", viewers: 0, archiveId: "a1", maySpeak: false });
  expect(hear(room, { type: "stream", status: "ended" })).toMatchObject({ viewers: 0, archiveId: "a1" });
});

test("old lines go when there are too many", () => {
  const many = Array.from({ length: MOST_LINES + 50 }, (_, i) => entry(i + 1, String(i + 1)));
  const room = hear(EMPTY, joined({ events: many, offset: many.length }));
  expect([room.lines.length, room.lines[0]?.text]).toEqual([MOST_LINES, "51"]);
});
