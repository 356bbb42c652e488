// The JSON the server speaks, as docs/api.md and /api/openapi.json have it. Times are RFC 3339 texts.

export type StreamStatus = "starting" | "live" | "ended";
/** What a viewer is told: `reconnecting` is a live stream whose creator is away. */
export type LiveStatus = StreamStatus | "reconnecting";
export type Visibility = "public" | "unlisted" | "private";
export type ArchiveStatus = "recording" | "ready" | "complete" | "failed";

export interface Session {
  readonly user_id: string;
  readonly username: string;
  readonly email: string;
  readonly display_name: string | null;
  readonly is_operator?: boolean;
}

/** A user as others see them. */
export interface Person {
  readonly user_id: string;
  readonly username: string;
  readonly display_name?: string | null;
}

export interface Profile extends Person {
  readonly email?: string;
  readonly bio?: string | null;
  readonly created_at?: string;
}

export interface Stream {
  readonly stream_id: string;
  readonly user_id: string;
  readonly title: string;
  readonly status: StreamStatus;
  readonly reconnecting?: boolean;
  readonly visibility: Visibility;
  readonly started_at: string;
  readonly ended_at?: string | null;
  readonly viewer_count?: number;
  readonly archive_id?: string | null;
  readonly whip_url?: string;
  readonly whep_url?: string;
  readonly hls_url?: string;
  readonly user?: Person;
}

/** What starting a stream returns: only here is the publish token told. */
export interface StartedStream extends Stream {
  readonly whip_url: string;
  readonly publish_token: string;
}

export interface Archive {
  readonly archive_id: string;
  readonly stream_id: string;
  readonly title: string;
  readonly status: ArchiveStatus;
  /** Seconds; may have decimals. */
  readonly duration: number | null;
  readonly file_size: number | null;
  readonly created_at: string;
  readonly hls_url: string | null;
  readonly download_url: string | null;
  readonly thumbnail_url: string | null;
  readonly failure?: string | null;
  readonly user?: Person;
  readonly visibility?: Visibility;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly next_cursor: string | null;
}

/** One place where the user is signed in. */
export interface SignIn {
  readonly session_id: string;
  readonly created_at: string;
  readonly last_seen_at?: string | null;
  readonly user_agent?: string | null;
  readonly is_current?: boolean;
}

/** A key that OBS and the like publish with, without its text. */
export interface StreamKey {
  readonly stream_key_id: string;
  readonly label: string;
  /** How its text begins; not secret. */
  readonly prefix: string;
  readonly created_at: string;
  readonly last_used_at?: string | null;
}

/** A key just made or renewed: only here is its text told. */
export interface NewStreamKey extends StreamKey {
  readonly key: string;
}

/** How a person is called on pages. */
export function nameOf(person: Person | Session | null | undefined): string {
  return person?.display_name || person?.username || "";
}

/** What viewers are told of a stream. */
export function liveStatus(stream: Stream): LiveStatus {
  return stream.status === "live" && stream.reconnecting ? "reconnecting" : stream.status;
}
