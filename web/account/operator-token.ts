// Carries the operator link's token over signing up, in this tab alone.

const KEY = "operator-link";

/** The token in the address's hash, kept for later; null where there is none. */
export function keepToken(hash: string): string | null {
  const token = hash.slice(1);
  if (token === "") return null;
  try {
    sessionStorage.setItem(KEY, token);
  } catch {
    // Without storage the link works only for those who are signed in already.
  }
  return token;
}

export function keptToken(): string | null {
  try {
    return sessionStorage.getItem(KEY);
  } catch {
    return null;
  }
}

export function forgetToken(): void {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // Nothing was kept then.
  }
}
