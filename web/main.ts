// The first thing that runs: asks for the picture, then fetches and draws the page.
import { startEarly } from "./media/watch";
import { bootStream } from "./shared/boot";
import { reachMedia } from "./shared/reach";

const watched = /^\/watch\/([\w-]+)\/?$/.exec(location.pathname)?.[1];
const stream = watched ? bootStream(watched) : null;
if (stream && stream.status !== "ended") startEarly(stream.stream_id, stream.whep_url && reachMedia(stream.whep_url, stream.hls_url));

void import("./app").then(({ start }) => start());
