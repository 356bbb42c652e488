// Addresses from the server, as this page can reach them.

/** Where the server's own resources stand. */
const OURS = /^\/(api|whip|whep)(\/|$)/;

/**
 * The server's absolute address `url` as a page may fetch it. The server knows itself by one name, people reach it
 * by several (localhost, an address, a proxy's host); what is the server's own is asked for by the name the page
 * came from, with which its cookies and its policy go. Anything else, as a file on a CDN, stays as it is.
 */
export function reach(url: string, page: string = location.href): string {
  const there = new URL(url, page);
  return OURS.test(there.pathname) ? there.pathname + there.search : there.href;
}

/**
 * Where a stream's media goes: `url` as it is on a media node with an address of its own, else by the page's name for
 * the server. `home` is any address of the same stream that the server gave in its own name.
 */
export function reachMedia(url: string, home: string | undefined, page: string = location.href): string {
  const there = new URL(url, page);
  const isElsewhere = home !== undefined && new URL(home, page).origin !== there.origin;
  return isElsewhere ? there.href : reach(url, page);
}
