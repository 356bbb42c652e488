// The first thing that runs: asks for the picture, then fetches and draws the page.
import { startEarly } from "./media/watch";
import { bootStream } from "./shared/boot";
import { reachMedia } from "./shared/reach";

/** The page waits no longer than this for the offer to leave, in ms. */
const PATIENCE = 250;

/** Drawing the page takes the browser's time; an offer that has left before needs none of it. */
async function offerFirst(): Promise<void> {
  const watched = /^\/watch\/([\w-]+)\/?$/.exec(location.pathname)?.[1];
  const stream = watched ? bootStream(watched) : null;
  if (!stream || stream.status === "ended") return;
  const offered = startEarly(stream.stream_id, stream.whep_url && reachMedia(stream.whep_url, stream.hls_url));
  await Promise.race([offered, new Promise((late) => setTimeout(late, PATIENCE))]);
}

void offerFirst().then(() => import("./app")).then(({ start }) => start());
