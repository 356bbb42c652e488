// Who is signed in, as the pages know it.
import { signal } from "@preact/signals";

import { mayBeSignedIn, refresh, rememberSignedIn, whenSignedOut } from "./api";
import { boot } from "./boot";
import * as calls from "./calls";
import type { Session } from "./shapes";

/** Null: nobody. Undefined: still being found out. */
export const session = signal<Session | null | undefined>(
  boot.session ?? (mayBeSignedIn() ? undefined : null),
);

whenSignedOut(() => {
  session.value = null;
});

/** Finds out who is signed in when the page did not say so: its access cookie may just have run out. */
export async function settleSession(): Promise<void> {
  if (boot.session) rememberSignedIn(true);
  if (session.peek() !== undefined) return;
  try {
    session.value = (await refresh()) ? await calls.session() : null;
  } catch {
    session.value = null;
  }
}

export async function leave(): Promise<void> {
  try {
    await calls.logOut();
  } finally {
    session.value = null;
  }
}
