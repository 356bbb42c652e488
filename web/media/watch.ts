// Watching over WHEP. No framework in here: it starts before the rest of the page has arrived.
import { Link, type LinkState } from "./link";

/** One viewer's connection to one stream. */
export class Watch {
  /** Holds the tracks as they come; stays the same object across reconnects. */
  readonly media = new MediaStream();
  state: LinkState = { at: "connecting" };
  /** Set by whoever shows it. */
  changed: () => void = () => {};
  /** Kept when the first answer was taken, or there will be none. */
  readonly answered: Promise<void>;
  private readonly link: Link;

  constructor(readonly streamId: string, endpoint = `/api/streams/${streamId}/whep`) {
    let tell = () => {};
    this.answered = new Promise((done) => {
      tell = done;
    });
    this.link = new Link({
      endpoint,
      bearer: null,
      endsLost: true,
      peer: () => this.peer(),
      changed: (state) => {
        this.state = state;
        if (state.at !== "connecting") tell();
        this.changed();
      },
      answered: tell,
    });
    addEventListener("online", this.wake);
    addEventListener("pagehide", this.leave);
    void this.link.run();
  }

  close(): void {
    removeEventListener("online", this.wake);
    removeEventListener("pagehide", this.leave);
    this.link.close();
  }

  /** Tries again at once if it was waiting. */
  readonly wake = (): void => this.link.wake();

  private readonly leave = (): void => this.close();

  private peer(): RTCPeerConnection {
    const peer = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
    peer.addTransceiver("video", { direction: "recvonly" });
    peer.addTransceiver("audio", { direction: "recvonly" });
    peer.ontrack = ({ track, receiver }) => {
      // Live means now: no more buffering than the network's jitter asks for.
      if ("jitterBufferTarget" in receiver) receiver.jitterBufferTarget = 0;
      for (const old of this.media.getTracks()) if (old.kind === track.kind) this.media.removeTrack(old);
      this.media.addTrack(track);
    };
    return peer;
  }
}

let early: Watch | null = null;

/** Starts watching before anything is drawn; `take` hands it to the page. Returns when the server has answered. */
export function startEarly(streamId: string, endpoint?: string): Promise<void> {
  early?.close();
  early = new Watch(streamId, endpoint);
  return early.answered;
}

/** The connection that was started early for this stream, or a new one. */
export function take(streamId: string, endpoint?: string): Watch {
  const started = early;
  early = null;
  if (started?.streamId === streamId && started.state.at !== "closed") return started;
  started?.close();
  return new Watch(streamId, endpoint);
}
