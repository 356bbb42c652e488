// The first thing that runs: asks for the picture, then fetches and draws the page.
import { startEarly } from "./media/watch";
import { bootStream } from "./shared/boot";
import { reachMedia } from "./shared/reach";

/** The page waits no longer than this for the server's answer, in ms: far away it takes longer than drawing does. */
const PATIENCE = 150;

/** Drawing the page takes all of the browser's time; a connection that was agreed on before then opens meanwhile. */
async function connectFirst(): Promise<void> {
  const watched = /^\/watch\/([\w-]+)\/?$/.exec(location.pathname)?.[1];
  const stream = watched ? bootStream(watched) : null;
  if (!stream || stream.status === "ended") return;
  const answered = startEarly(stream.stream_id, stream.whep_url && reachMedia(stream.whep_url, stream.hls_url));
  await Promise.race([answered, new Promise((late) => setTimeout(late, PATIENCE))]);
}

void connectFirst().then(() => import("./app")).then(({ start }) => start());
