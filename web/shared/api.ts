// Speaks to the server: cookies carry the session, a 401 is answered by one refresh and one repeat.
// What is asked and answered is in calls.ts.
import { asProblem, Problem, problemOf } from "./problem";

/** Proves to the server that a page of its own sent an unsafe request; a foreign page may not set it. */
const OURS = { "x-livestream": "1" };

/** Answers of these are about the credentials in the request, not about an expired session. */
const NEVER_REFRESH = ["/api/auth/login", "/api/auth/register", "/api/auth/refresh", "/api/auth/logout"];

export interface Ask {
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is, with `headers` saying what it is. */
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Survives the page: for what is sent while it is being left. */
  readonly keepalive?: boolean;
}

/** Told when the session turned out to be over. */
let onSignedOut: () => void = () => {};

export function whenSignedOut(tell: () => void): void {
  onSignedOut = tell;
}

/** The answer, if it is a success; otherwise throws a `Problem`. */
export async function ask(path: string, what: Ask = {}): Promise<Response> {
  const seen = lastRefresh();
  let response = await send(path, what);
  const isAboutSession = what.headers?.authorization === undefined && !NEVER_REFRESH.includes(path);
  if (response.status === 401 && isAboutSession && (await refresh(seen))) {
    response = await send(path, what);
  }
  if (!response.ok) throw await problemOf(response);
  return response;
}

/** The answer's JSON. */
export async function askJson<T>(path: string, what: Ask = {}): Promise<T> {
  const response = await ask(path, what);
  try {
    return (await response.json()) as T;
  } catch (thrown) {
    throw asProblem(thrown);
  }
}

async function send(path: string, what: Ask): Promise<Response> {
  const { method = "GET", json, body, signal, keepalive } = what;
  const headers: Record<string, string> = { accept: "application/json", ...OURS, ...what.headers };
  if (json !== undefined) headers["content-type"] = "application/json";
  try {
    return await fetch(path, {
      method,
      headers,
      credentials: "same-origin",
      body: json === undefined ? (body ?? null) : JSON.stringify(json),
      signal: signal ?? null,
      keepalive: keepalive ?? false,
    });
  } catch (thrown) {
    if (signal?.aborted) throw thrown;
    throw asProblem(thrown);
  }
}

let running: Promise<boolean> | null = null;

/**
 * Asks for a new access cookie, once for all who wait. `seen` is the last refresh the caller knew of.
 * False: the session is over. Throws when the server could not be asked.
 */
export function refresh(seen: string | null = lastRefresh()): Promise<boolean> {
  running ??= alone(() => refreshUnlessDone(seen)).finally(() => {
    running = null;
  });
  return running;
}

/** Two tabs must not spend the same refresh token: the second use would look like theft and end the session. */
function alone(work: () => Promise<boolean>): Promise<boolean> {
  const locks = globalThis.navigator?.locks;
  return locks ? locks.request("refresh", work) : work();
}

async function refreshUnlessDone(seen: string | null): Promise<boolean> {
  if (lastRefresh() !== seen) return true;
  const response = await send("/api/auth/refresh", { method: "POST" });
  if (response.ok) {
    remember("refreshed-at", String(Date.now()));
    return true;
  }
  const problem = await problemOf(response);
  if (problem.mayPass) throw problem;
  rememberSignedIn(false);
  onSignedOut();
  return false;
}

function lastRefresh(): string | null {
  return recall("refreshed-at");
}

/** Whether somebody signed in here before: the cookies themselves cannot be read. */
export function mayBeSignedIn(): boolean {
  return recall("signed-in") !== null;
}

export function rememberSignedIn(yes: boolean): void {
  remember("signed-in", yes ? "1" : null);
}

function recall(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function remember(key: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // Storage is off: the session still works, only without its hints.
  }
}

export { Problem };
