// A media connection that heals itself: offers, watches, offers again. What flows over it is the caller's.
import { MEDIA_PACE, waitBefore } from "../shared/backoff";
import { asProblem, Problem } from "../shared/problem";
import { dismiss, negotiate, type MediaSession } from "./session";

export type LinkState =
  | { readonly at: "connecting" }
  | { readonly at: "connected" }
  /** Lost or put off; the next try comes by itself. `problem` is null where the network dropped it. */
  | { readonly at: "waiting"; readonly attempt: number; readonly problem: Problem | null }
  /** Another try would be pointless. */
  | { readonly at: "refused"; readonly problem: Problem }
  | { readonly at: "closed" };

export interface LinkEnds {
  readonly endpoint: string;
  readonly bearer: string | null;
  /**
   * Whether a lost session is ended on the server too. A creator's is not: to end it is to end the stream,
   * and the next offer takes its place.
   */
  readonly endsLost: boolean;
  /** A fresh connection with its transceivers, for one try. */
  peer(): RTCPeerConnection;
  /** Told of every change. */
  changed(state: LinkState): void;
  /** Told when an answer is taken: from then on the network decides. */
  answered?(): void;
}

/** What a link needs from its surroundings; tests bring their own. */
export interface Surroundings {
  wait(ms: number): { readonly over: Promise<void>; cut(): void };
  random(): number;
  negotiate: typeof negotiate;
  dismiss: typeof dismiss;
}

/** ICE says `disconnected` for short dips too; longer than this is a loss. */
const DIP_MS = 2_500;
/** An answer that leads to no connection within this time is given up. */
const CONNECT_MS = 10_000;

const REAL: Surroundings = { wait, random: Math.random, negotiate, dismiss };

export class Link {
  state: LinkState = { at: "connecting" };
  /** The connection of the present try. */
  peer: RTCPeerConnection | null = null;
  private session: MediaSession | null = null;
  private stop = new AbortController();
  private pause: { cut(): void } | null = null;

  constructor(private readonly ends: LinkEnds, private readonly around: Surroundings = REAL) {}

  /** Runs until closed or refused. */
  async run(): Promise<void> {
    for (let attempt = 0; !this.isClosed; attempt += 1) {
      this.to({ at: "connecting" });
      const lost = await this.once(() => {
        attempt = -1;
      });
      if (this.isClosed) return;
      if (lost && isFinal(lost)) return this.to({ at: "refused", problem: lost });
      const next = Math.max(attempt, 0);
      this.to({ at: "waiting", attempt: next, problem: lost });
      await this.rest(waitFor(lost, next, this.around.random));
    }
  }

  /** Tries again at once if it was waiting: the network is back. */
  wake(): void {
    this.pause?.cut();
  }

  /** Ends it for good, on the server too. */
  close(): void {
    if (this.isClosed) return;
    this.stop.abort();
    this.drop(true);
    this.to({ at: "closed" });
    this.pause?.cut();
  }

  private get isClosed(): boolean {
    return this.stop.signal.aborted;
  }

  private to(state: LinkState): void {
    this.state = state;
    this.ends.changed(state);
  }

  private async rest(ms: number): Promise<void> {
    const pause = this.around.wait(ms);
    this.pause = pause;
    await pause.over;
    this.pause = null;
  }

  /** One try. Returns when it is over: with the problem, or null when an open connection was lost. */
  private async once(opened: () => void): Promise<Problem | null> {
    const peer = this.ends.peer();
    this.peer = peer;
    try {
      await peer.setLocalDescription(await peer.createOffer());
      const offer = peer.localDescription?.sdp ?? "";
      this.session = await this.around.negotiate(this.ends.endpoint, offer, this.ends.bearer);
      if (this.isClosed) {
        this.drop(true);
        return null;
      }
      await peer.setRemoteDescription({ type: "answer", sdp: this.session.answer });
      this.ends.answered?.();
      await this.untilLost(peer, () => {
        opened();
        this.to({ at: "connected" });
      });
      return null;
    } catch (thrown) {
      return asProblem(thrown);
    } finally {
      this.drop(this.ends.endsLost);
    }
  }

  private untilLost(peer: RTCPeerConnection, opened: () => void): Promise<void> {
    return new Promise((lost) => {
      let timer = this.around.wait(CONNECT_MS);
      const loseAfter = (ms: number) => {
        timer.cut();
        const mine = this.around.wait(ms);
        timer = mine;
        void mine.over.then(() => timer === mine && lost());
      };
      const look = () => {
        const now = peer.connectionState;
        if (now === "connected") {
          timer.cut();
          timer = { over: Promise.resolve(), cut() {} };
          if (this.state.at !== "connected") opened();
        } else if (now === "disconnected") {
          loseAfter(DIP_MS);
        } else if (now === "failed" || now === "closed") {
          timer.cut();
          lost();
        }
      };
      loseAfter(CONNECT_MS);
      peer.onconnectionstatechange = look;
      this.stop.signal.addEventListener("abort", () => lost(), { once: true });
      look();
    });
  }

  private drop(alsoThere: boolean): void {
    this.peer?.close();
    this.peer = null;
    if (alsoThere) this.around.dismiss(this.session, this.ends.bearer);
    this.session = null;
  }
}

/**
 * How long to wait. A stream nobody sends to is asked for as often as the server says: its creator may be back any
 * moment. What is overloaded or away is asked ever more slowly.
 */
function waitFor(lost: Problem | null, attempt: number, random: () => number): number {
  const named = lost?.retryAfterMs ?? 0;
  if (lost?.status === 409 && named > 0) return Math.round(named * (1 + random() / 2));
  return Math.max(named, waitBefore(attempt, MEDIA_PACE, random));
}

/** Whether trying again could never help. A stream nobody sends to, and an overloaded server, come back. */
export function isFinal(problem: Problem): boolean {
  if (problem.mayPass || problem.status === 408) return false;
  if (problem.status === 409) return /ENDED|OVER/.test(problem.code);
  return true;
}

function wait(ms: number): { over: Promise<void>; cut(): void } {
  let cut = () => {};
  const over = new Promise<void>((done) => {
    const timer = setTimeout(done, ms);
    cut = () => {
      clearTimeout(timer);
      done();
    };
  });
  return { over, cut };
}
