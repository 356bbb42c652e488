// One viewer's connection to a room: opens the socket, opens it again, resumes where it left off.
// What the frames mean is in fold.ts.
import { refresh } from "../shared/api";
import { CHAT_PACE, waitBefore } from "../shared/backoff";
import { session } from "../shared/session";
import { EMPTY, fold, unanswered, type Room, type Step } from "./fold";
import { mayReturn, readFrame, SESSION_ENDED, SUBPROTOCOL, type ClientFrame } from "./frames";

/** The part of a WebSocket that is used. */
export interface Socket {
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  send(text: string): void;
  close(code?: number): void;
}

/** What a talk needs from its surroundings; tests bring their own. */
export interface Surroundings {
  open(): Socket;
  now(): number;
  random(): number;
  later(ms: number, act: () => void): () => void;
  newId(): string;
  /** Renews the session's cookie, which the next opening shows. Never fails; it may take a while. */
  renew(): Promise<void>;
}

/** The server pings every 25 s and answers a join at once; silence this long after opening is a dead path. */
const JOIN_MS = 8_000;

export class Talk {
  room: Room = EMPTY;
  private socket: Socket | null = null;
  private attempt = 0;
  private cancel: () => void = () => {};
  private isJoined = false;
  private isOver = false;

  constructor(private readonly around: Surroundings, private readonly changed: (room: Room) => void) {
    this.connect();
  }

  /** Says `text`. It is on screen at once, as `sending`. */
  say(text: string): void {
    const id = this.around.newId();
    this.step({ kind: "say", id, text, now: this.around.now() });
    this.sayNow(id, text);
  }

  /** Says a failed line once more, under its old id: had it arrived after all, it would be the same message. */
  sayAgain(key: string): void {
    const line = this.room.lines.find((one) => one.key === key);
    if (!line) return;
    this.step({ kind: "say", id: key, text: line.text, now: this.around.now() });
    this.sayNow(key, line.text);
  }

  forget(key: string): void {
    this.step({ kind: "forget", key });
  }

  /** Opens the socket anew, at once: the network is back, or somebody signed in. */
  reconnect(): void {
    if (this.isOver) return;
    this.drop();
    this.attempt = 0;
    this.connect();
  }

  close(): void {
    this.isOver = true;
    this.drop();
    this.cancel();
  }

  private drop(): void {
    const socket = this.socket;
    this.socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(1000);
  }

  private step(step: Step): void {
    this.room = fold(this.room, step);
    this.changed(this.room);
  }

  private connect(): void {
    this.cancel();
    this.step({ kind: "connecting" });
    const socket = this.around.open();
    this.socket = socket;
    this.isJoined = false;
    socket.onopen = () => this.send({ type: "join", ...this.cursor() });
    socket.onmessage = ({ data }) => this.hear(data);
    socket.onclose = ({ code }) => this.lost(code);
    this.cancel = this.around.later(JOIN_MS, () => {
      this.drop();
      this.lost(1006);
    });
  }

  private cursor(): { epoch?: string; offset?: number } {
    const { epoch, offset } = this.room;
    return epoch === null ? {} : { epoch, offset };
  }

  private hear(data: unknown): void {
    const frame = readFrame(data);
    if (!frame) return;
    this.step({ kind: "frame", frame, now: this.around.now() });
    if (frame.type !== "joined") return;
    this.cancel();
    this.attempt = 0;
    this.isJoined = true;
    // Its answer may have been lost with the old connection; had it arrived, it would be in the log just read.
    for (const line of unanswered(this.room)) this.sayNow(line.key, line.text);
  }

  private lost(code: number): void {
    this.cancel();
    this.socket = null;
    if (this.isOver) return;
    if (!mayReturn(code)) {
      this.step({ kind: "lost", retryAt: null });
      return;
    }
    const ms = waitBefore(this.attempt, CHAT_PACE, this.around.random);
    this.attempt += 1;
    this.step({ kind: "lost", retryAt: this.around.now() + ms });
    // A browser does not tell why a socket was refused; run-out credentials are one reason.
    const renewed = code === SESSION_ENDED || (!this.isJoined && this.attempt === 1) ? this.around.renew() : null;
    this.cancel = this.around.later(ms, () => {
      if (renewed) void renewed.then(() => this.isAway && this.connect());
      else this.connect();
    });
  }

  private get isAway(): boolean {
    return !this.isOver && this.socket === null;
  }

  private sayNow(id: string, text: string): void {
    if (this.room.connection === "open") this.send({ type: "say", id, text });
  }

  private send(frame: ClientFrame): void {
    this.socket?.send(JSON.stringify(frame));
  }
}

/** The browser's own surroundings for the room of one stream. */
export function inBrowser(streamId: string): Surroundings {
  const url = new URL(`/api/streams/${streamId}/chat`, location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return {
    open: () => new WebSocket(url, SUBPROTOCOL) as unknown as Socket,
    now: Date.now,
    random: Math.random,
    later: (ms, act) => {
      const timer = setTimeout(act, ms);
      return () => clearTimeout(timer);
    },
    newId: () => crypto.randomUUID?.() ?? Math.random().toString(36).slice(2),
    renew: async () => {
      if (session.peek()) await refresh().catch(() => false);
    },
  };
}
