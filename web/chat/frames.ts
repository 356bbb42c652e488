// What is said over the chat socket: subprotocol `livestream.chat.v1`, JSON text frames.
import type { LiveStatus } from "../shared/shapes";

export const SUBPROTOCOL = "livestream.chat.v1";

export interface Speaker {
  readonly user_id: string;
  readonly username: string;
  readonly is_creator?: boolean;
}

/** One entry of the room's log. */
export interface Entry {
  readonly offset: number;
  readonly id: string;
  /** Unix ms. */
  readonly at: number;
  readonly kind: string;
  readonly by?: Speaker;
  readonly text?: string;
  readonly client_id?: string;
}

export interface Joined {
  readonly type: "joined";
  readonly epoch: string;
  readonly offset: number;
  readonly recovered: boolean;
  /** `unavailable`: the log could not be read; epoch and events are empty then. */
  readonly history?: string;
  readonly events: readonly Entry[];
  readonly you: { readonly user_id: string; readonly username: string } | null;
  readonly may_speak: boolean;
  readonly max_chars: number;
  readonly server_time: number;
  readonly status: LiveStatus;
  readonly viewer_count: number | null;
}

export type ServerFrame =
  | Joined
  | { readonly type: "events"; readonly events: readonly Entry[] }
  | { readonly type: "ack"; readonly id: string; readonly offset: number }
  | {
      readonly type: "error";
      readonly code: string;
      readonly error: string;
      readonly id?: string;
      readonly retry_after_ms?: number;
    }
  | {
      readonly type: "stream";
      readonly status: LiveStatus;
      readonly viewer_count?: number | null;
      readonly archive_id?: string | null;
    };

export type ClientFrame =
  | { readonly type: "join"; readonly epoch?: string; readonly offset?: number }
  | { readonly type: "say"; readonly id: string; readonly text: string };

/** A frame the server sent; null for what this client does not know. */
export function readFrame(data: unknown): ServerFrame | null {
  if (typeof data !== "string") return null;
  try {
    const frame = JSON.parse(data) as ServerFrame;
    return KNOWN.has(frame.type) ? frame : null;
  } catch {
    return null;
  }
}

const KNOWN: ReadonlySet<string> = new Set(["joined", "events", "ack", "error", "stream"]);

/** Close code of a connection whose session has ended. */
export const SESSION_ENDED = 3005;

/** Whether a socket closed with `code` is to be opened again. */
export function mayReturn(code: number): boolean {
  return code < 3500 || code > 3999;
}
