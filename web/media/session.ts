// HTTP of WHIP and WHEP (RFC 9725): an offer goes out, an answer comes back, DELETE ends it.
import { ask } from "../shared/api";

/** A negotiated session on a media server. */
export interface MediaSession {
  readonly answer: string;
  /** Where it can be ended; null where the server named no place. */
  readonly place: string | null;
}

/** Posts `offer` to a WHIP or WHEP endpoint, as this page reaches it. Throws a `Problem` when it is refused. */
export async function negotiate(
  endpoint: string, offer: string, bearer: string | null,
): Promise<MediaSession> {
  const response = await ask(endpoint, {
    method: "POST",
    body: offer,
    headers: { "content-type": "application/sdp", accept: "application/sdp", ...authorization(bearer) },
  });
  const location = response.headers.get("location");
  const base = response.url || new URL(endpoint, globalThis.location.href);
  const place = location ? new URL(location, base).href : null;
  return { answer: await response.text(), place };
}

/** Ends a session. Nobody waits for it: what is lost here, the server finds out by itself. */
export function dismiss(session: MediaSession | null, bearer: string | null): void {
  if (!session?.place) return;
  void ask(session.place, { method: "DELETE", headers: authorization(bearer), keepalive: true }).catch(() => {});
}

function authorization(bearer: string | null): Record<string, string> {
  return bearer ? { authorization: `Bearer ${bearer}` } : {};
}
