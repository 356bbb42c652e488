// The room as one viewer sees it: a fold over what the socket said. Pure: time comes in with the step.
import type { LiveStatus } from "../shared/shapes";
import type { Entry, ServerFrame } from "./frames";

/** A line on screen. */
export interface Line {
  /** Stable over its life, from `sending` to what the server made of it. */
  readonly key: string;
  /** Null while the server has not placed it. */
  readonly offset: number | null;
  readonly at: number;
  readonly userId: string;
  readonly username: string;
  readonly isCreator: boolean;
  readonly text: string;
  readonly state: "sending" | "sent" | "failed";
  /** The code of a failed one's refusal. */
  readonly why?: string;
}

export type Connection = "connecting" | "open" | "waiting" | "closed";

export interface Room {
  readonly connection: Connection;
  readonly epoch: string | null;
  readonly offset: number;
  readonly lines: readonly Line[];
  readonly you: { readonly user_id: string; readonly username: string } | null;
  readonly maySpeak: boolean;
  readonly maxChars: number;
  /** Null until the room said so. */
  readonly status: LiveStatus | null;
  readonly viewers: number | null;
  readonly archiveId: string | null;
  /** The last refusal, until the next message is accepted. */
  readonly refusal: { readonly code: string; readonly error: string; readonly until: number | null } | null;
  /** When the next try to connect comes, in ms. */
  readonly retryAt: number | null;
}

export type Step =
  | { readonly kind: "frame"; readonly frame: ServerFrame; readonly now: number }
  | { readonly kind: "say"; readonly id: string; readonly text: string; readonly now: number }
  | { readonly kind: "forget"; readonly key: string }
  | { readonly kind: "connecting" }
  | { readonly kind: "lost"; readonly retryAt: number | null };

/** More lines than this are not kept: the log itself reaches back five minutes only. */
export const MOST_LINES = 400;

export const EMPTY: Room = {
  connection: "connecting",
  epoch: null,
  offset: 0,
  lines: [],
  you: null,
  maySpeak: false,
  maxChars: 500,
  status: null,
  viewers: null,
  archiveId: null,
  refusal: null,
  retryAt: null,
};

export function fold(room: Room, step: Step): Room {
  switch (step.kind) {
    case "connecting":
      return { ...room, connection: "connecting", retryAt: null };
    case "lost":
      return { ...room, connection: step.retryAt === null ? "closed" : "waiting", retryAt: step.retryAt };
    case "say":
      return say(room, step.id, step.text, step.now);
    case "forget":
      return { ...room, lines: room.lines.filter((line) => line.key !== step.key) };
    case "frame":
      return hear(room, step.frame, step.now);
  }
}

/** What was said and not yet answered: after a new connection it has to be said again. */
export function unanswered(room: Room): readonly Line[] {
  return room.lines.filter((line) => line.state === "sending");
}

function say(room: Room, id: string, text: string, now: number): Room {
  const { user_id = "", username = "" } = room.you ?? {};
  const line: Line = {
    key: id, offset: null, at: now, userId: user_id, username, isCreator: false, text, state: "sending",
  };
  return { ...room, lines: [...room.lines.filter((old) => old.key !== id), line] };
}

function hear(room: Room, frame: ServerFrame, now: number): Room {
  switch (frame.type) {
    case "joined": {
      const isContinued = frame.recovered || frame.history !== undefined;
      const kept = isContinued ? room.lines : room.lines.filter((line) => line.state !== "sent");
      const start: Room = {
        ...room,
        connection: "open",
        epoch: frame.epoch || null,
        offset: frame.offset,
        lines: kept,
        you: frame.you,
        maySpeak: frame.may_speak,
        maxChars: frame.max_chars,
        status: frame.status,
        viewers: frame.viewer_count ?? room.viewers,
        retryAt: null,
      };
      return { ...add(start, frame.events), offset: frame.offset };
    }
    case "events":
      return add(room, frame.events);
    case "ack":
      return { ...change(room, frame.id, (line) => ({ ...line, state: "sent", offset: frame.offset })), refusal: null };
    case "error": {
      const until = frame.retry_after_ms === undefined ? null : now + frame.retry_after_ms;
      const refusal = { code: frame.code, error: frame.error, until };
      const failed = frame.id === undefined
        ? room
        : change(room, frame.id, (line) => ({ ...line, state: "failed", why: frame.code }));
      return { ...failed, refusal };
    }
    case "stream":
      return {
        ...room,
        status: frame.status,
        maySpeak: room.maySpeak && frame.status !== "ended",
        viewers: frame.viewer_count ?? room.viewers,
        archiveId: frame.archive_id ?? room.archiveId,
      };
  }
}

function change(room: Room, key: string, to: (line: Line) => Line): Room {
  return { ...room, lines: room.lines.map((line) => (line.key === key ? to(line) : line)) };
}

/** Adds entries of the log: each once, in the log's order, own ones in place of what waited for them. */
function add(room: Room, entries: readonly Entry[]): Room {
  if (entries.length === 0) return room;
  const known = new Set(room.lines.map((line) => line.offset));
  const keys = new Set(room.lines.map((line) => line.key));
  const settled = new Map<string, Line>();
  const added: Line[] = [];
  for (const entry of entries.filter(({ kind }) => kind === "message")) {
    const own = entry.by?.user_id === room.you?.user_id ? entry.client_id : undefined;
    if (own !== undefined && keys.has(own)) settled.set(own, { ...lineOf(entry), key: own });
    else if (!known.has(entry.offset)) added.push(lineOf(entry));
  }
  const before = room.lines.map((line) => settled.get(line.key) ?? line);
  const placed = before.filter((line) => line.offset !== null).concat(added).sort(inOrder);
  const unplaced = before.filter((line) => line.offset === null);
  const last = entries[entries.length - 1]?.offset ?? 0;
  return { ...room, offset: Math.max(room.offset, last), lines: [...placed, ...unplaced].slice(-MOST_LINES) };
}

function inOrder(a: Line, b: Line): number {
  return (a.offset ?? 0) - (b.offset ?? 0);
}

function lineOf(entry: Entry): Line {
  return {
    key: entry.id,
    offset: entry.offset,
    at: entry.at,
    userId: entry.by?.user_id ?? "",
    username: entry.by?.username ?? "",
    isCreator: entry.by?.is_creator ?? false,
    text: entry.text ?? "",
    state: "sent",
  };
}
