// Publishing over WHIP: H.264 first, one video and one audio track that can be exchanged while live.
import { Link, type LinkState } from "./link";

/** What the sender's encoder aims at. */
const VIDEO_BITS_PER_SECOND = 2_500_000;
const AUDIO_BITS_PER_SECOND = 96_000;

/** One creator's connection. */
export class Publish {
  state: LinkState = { at: "connecting" };
  private readonly link: Link;
  private video: MediaStreamTrack | null;
  private audio: MediaStreamTrack | null;

  constructor(
    endpoint: string, token: string, media: MediaStream, private readonly changed: (state: LinkState) => void,
  ) {
    this.video = media.getVideoTracks()[0] ?? null;
    this.audio = media.getAudioTracks()[0] ?? null;
    this.link = new Link({
      endpoint,
      bearer: token,
      endsLost: false,
      peer: () => this.peer(),
      changed: (state) => {
        this.state = state;
        this.changed(state);
      },
    });
    addEventListener("online", this.wake);
    void this.link.run();
  }

  /** Sends these tracks from now on, without a new negotiation. */
  async send(media: MediaStream): Promise<void> {
    this.video = media.getVideoTracks()[0] ?? null;
    this.audio = media.getAudioTracks()[0] ?? null;
    const senders = this.link.peer?.getTransceivers() ?? [];
    await Promise.all(
      senders.map(({ sender, receiver }) => sender.replaceTrack(receiver.track.kind === "video" ? this.video : this.audio)),
    );
  }

  /** Ends the connection, and with it the stream. */
  close(): void {
    removeEventListener("online", this.wake);
    this.link.close();
  }

  stats(): Promise<RTCStatsReport> | null {
    return this.link.peer?.getStats() ?? null;
  }

  private readonly wake = (): void => this.link.wake();

  private peer(): RTCPeerConnection {
    const peer = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
    const video = peer.addTransceiver(this.video ?? "video", {
      direction: "sendonly",
      sendEncodings: [{ maxBitrate: VIDEO_BITS_PER_SECOND }],
    });
    const codecs = RTCRtpSender.getCapabilities?.("video")?.codecs;
    if (codecs) video.setCodecPreferences?.(h264First(codecs));
    peer.addTransceiver(this.audio ?? "audio", {
      direction: "sendonly",
      sendEncodings: [{ maxBitrate: AUDIO_BITS_PER_SECOND }],
    });
    return peer;
  }
}

/** A codec as far as its order matters. */
export interface NamedCodec {
  readonly mimeType: string;
  readonly sdpFmtpLine?: string;
}

/** H.264 (constrained baseline in whole frames before the rest of it), then VP8, then what else there is. */
export function h264First<C extends NamedCodec>(codecs: readonly C[]): C[] {
  return [...codecs].sort((a, b) => rank(a) - rank(b));
}

function rank({ mimeType, sdpFmtpLine = "" }: NamedCodec): number {
  const kind = mimeType.toLowerCase();
  if (kind === "video/h264") {
    if (!sdpFmtpLine.includes("packetization-mode=1")) return 2;
    return sdpFmtpLine.includes("42e01f") ? 0 : 1;
  }
  return kind === "video/vp8" ? 3 : 4;
}
