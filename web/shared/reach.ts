// Addresses from the server, as this page can reach them.

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/**
 * The server's absolute address `url` as `page` may fetch it. A server on this very machine has several names;
 * there the page's own is the one its cookies and policy go with.
 */
export function reach(url: string, page: URL | Location = location): string {
  const there = new URL(url, page.href);
  const sameMachine = LOOPBACK.test(there.hostname) && LOOPBACK.test(page.hostname) && there.port === page.port;
  return there.origin === page.origin || sameMachine ? there.pathname + there.search : there.href;
}
