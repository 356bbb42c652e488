// Where to go after signing in.

/** The page named in `?next=`, if it is one of ours: anything else could lead a person astray. */
export function nextPage(next: string | undefined, origin: string = location.origin): string {
  if (!next?.startsWith("/")) return "/";
  try {
    const url = new URL(next, origin);
    const isOurs = url.origin === origin && !["/login", "/signup"].includes(url.pathname);
    return isOurs ? url.pathname + url.search : "/";
  } catch {
    return "/";
  }
}
