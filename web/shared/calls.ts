// Every call of the JSON API that the pages make, typed.
import { ask, askJson, rememberSignedIn } from "./api";
import type {
  Archive, NewStreamKey, Page, Profile, Session, SignIn, StartedStream, Stream, StreamKey, StreamStatus, Visibility,
} from "./shapes";

export interface NewAccount {
  readonly username: string;
  readonly email: string;
  readonly password: string;
}

/** Makes the account and signs in with it. */
export async function signUp(account: NewAccount): Promise<Session> {
  await ask("/api/auth/register", { method: "POST", json: account });
  return logIn(account.email, account.password);
}

export async function logIn(email: string, password: string): Promise<Session> {
  await ask("/api/auth/login", { method: "POST", json: { email, password } });
  rememberSignedIn(true);
  return session();
}

export async function logOut(): Promise<void> {
  rememberSignedIn(false);
  await ask("/api/auth/logout", { method: "POST" });
}

export function session(): Promise<Session> {
  return askJson("/api/auth/session");
}

export async function changePassword(current_password: string, new_password: string): Promise<void> {
  await ask("/api/auth/password", { method: "PUT", json: { current_password, new_password } });
}

/** Spends the one-time link that the server printed; `token` is its part after the `#`. */
export function becomeOperator(token: string): Promise<Session> {
  return askJson("/api/auth/operator", { method: "POST", json: { token } });
}

/** Where the user is signed in; told as a list or as a page of one. */
export async function signIns(): Promise<readonly SignIn[]> {
  const answer = await askJson<Page<SignIn> | readonly SignIn[]>("/api/auth/sessions");
  return "items" in answer ? answer.items : answer;
}

export async function endSignIn(id: string): Promise<void> {
  await ask(`/api/auth/sessions/${id}`, { method: "DELETE" });
}

export async function streamKeys(): Promise<readonly StreamKey[]> {
  return (await askJson<Page<StreamKey>>("/api/stream-keys")).items;
}

export function makeStreamKey(label: string): Promise<NewStreamKey> {
  return askJson("/api/stream-keys", { method: "POST", json: { label } });
}

/** Gives a key a new text; the old one stops working at once. */
export function rotateStreamKey(id: string): Promise<NewStreamKey> {
  return askJson(`/api/stream-keys/${id}/rotate`, { method: "POST" });
}

export async function revokeStreamKey(id: string): Promise<void> {
  await ask(`/api/stream-keys/${id}`, { method: "DELETE" });
}

export function profile(): Promise<Profile> {
  return askJson("/api/users/me");
}

type ProfileChange = Partial<Pick<Profile, "username" | "display_name" | "bio" | "email">>;

/** A new e-mail address needs the current password. */
export function changeProfile(change: ProfileChange & { readonly current_password?: string }): Promise<Profile> {
  return askJson("/api/users/me", { method: "PUT", json: change });
}

export function startStream(title: string, visibility: Visibility): Promise<StartedStream> {
  return askJson("/api/streams", { method: "POST", json: { title, visibility } });
}

export async function endStream(id: string): Promise<void> {
  await ask(`/api/streams/${id}/end`, { method: "PUT" });
}

export function stream(id: string, signal?: AbortSignal): Promise<Stream> {
  return askJson(`/api/streams/${id}`, signal ? { signal } : {});
}

export function streams(status: StreamStatus, limit = 12): Promise<Page<Stream>> {
  return askJson(`/api/streams?status=${status}&limit=${limit}`);
}

/** One's own streams that have not ended. */
export async function openStreams(me: string): Promise<readonly Stream[]> {
  const pages = ["starting", "live"].map((status) =>
    askJson<Page<Stream>>(`/api/streams?user_id=${me}&status=${status}`));
  return (await Promise.all(pages)).flatMap(({ items }) => items);
}

export function archive(id: string): Promise<Archive> {
  return askJson(`/api/archives/${id}`);
}

export function archives(limit = 12, cursor: string | null = null): Promise<Page<Archive>> {
  const from = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
  return askJson(`/api/archives?limit=${limit}${from}`);
}
