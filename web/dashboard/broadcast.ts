// The running broadcast. It outlives the studio's page: one may look round the house while on air.
import { computed, effect, signal } from "@preact/signals";

import type { LinkState } from "../media/link";
import { Publish } from "../media/publish";
import { endStream, openStreams, startStream, stream as fetchStream } from "../shared/calls";
import { onAir } from "../shared/on-air";
import { asProblem, type Problem } from "../shared/problem";
import { reachMedia } from "../shared/reach";
import type { StartedStream, Stream, Visibility } from "../shared/shapes";
import { stop, type Wish } from "./devices";
import { forget, keep, kept } from "./kept";

export type Phase = "off" | "starting" | "live" | "reconnecting" | "refused" | "ending" | "ended";

interface Source {
  readonly media: MediaStream;
  readonly wish: Wish;
}

export const phase = signal<Phase>("off");
export const stream = signal<StartedStream | null>(null);
export const source = signal<Source | null>(null);
/** What went wrong last, while it matters. */
export const problem = signal<Problem | null>(null);
/** When the first connection stood, in Unix ms. */
const since = signal<number | null>(null);
const isSending = computed(() => ["live", "reconnecting", "ending"].includes(phase.value));

let publish: Publish | null = null;

/** Makes the stream and sends to it. */
export async function goLive(title: string, visibility: Visibility, from: Source): Promise<void> {
  phase.value = "starting";
  problem.value = null;
  try {
    const started = await startStream(title, visibility);
    keep(started);
    send(started, from);
  } catch (thrown) {
    phase.value = "off";
    problem.value = asProblem(thrown);
  }
}

/**
 * One's unfinished streams. The one that a reload of this tab interrupted comes with its token and can go on here;
 * others belong to another tab or to OBS, and can only be ended.
 */
export async function findUnfinished(me: string): Promise<readonly (Stream | StartedStream)[]> {
  const mine = kept();
  const open = await openStreams(me).catch(() => (mine ? [mine] : []));
  if (mine && !open.some(({ stream_id }) => stream_id === mine.stream_id)) forget();
  return open.map((one) => (one.stream_id === mine?.stream_id ? mine : one));
}

/** Whether this tab can go on with it. */
export function canResume(unfinished: Stream | StartedStream): unfinished is StartedStream {
  return "publish_token" in unfinished;
}

/** Goes on with an interrupted stream. */
export function resume(started: StartedStream, from: Source): void {
  since.value = Date.parse(started.started_at);
  send(started, from);
}

/** Sends another camera, microphone or screen from now on. */
export function exchange(from: Source): void {
  source.value = from;
  void publish?.send(from.media);
}

/** Ends the stream for everybody. */
export async function end(): Promise<void> {
  const running = stream.peek();
  if (!running) return;
  const before = phase.peek();
  phase.value = "ending";
  problem.value = null;
  try {
    await endStream(running.stream_id);
    close("ended");
  } catch (thrown) {
    phase.value = before;
    problem.value = asProblem(thrown);
  }
}

/** Ends an unfinished stream without going on with it. */
export async function abandon(unfinished: Stream): Promise<void> {
  if (kept()?.stream_id === unfinished.stream_id) forget();
  await endStream(unfinished.stream_id);
}

/** The stream was ended from elsewhere. */
export function wasEnded(): void {
  if (isSending.peek()) close("ended");
}

/** Back to the empty studio. */
export function clear(): void {
  stream.value = null;
  problem.value = null;
  phase.value = "off";
}

/** Statistics of the sending connection; null while there is none. */
export function stats(): Promise<RTCStatsReport> | null {
  return publish?.stats() ?? null;
}

function send(started: StartedStream, from: Source): void {
  stream.value = started;
  source.value = from;
  phase.value = "starting";
  publish = new Publish(reachMedia(started.whip_url, started.hls_url), started.publish_token, from.media, hear);
}

function hear(state: LinkState): void {
  switch (state.at) {
    case "connected":
      since.value ??= Date.now();
      phase.value = "live";
      return;
    case "connecting":
    case "waiting":
      if (phase.peek() !== "ending") phase.value = since.peek() === null ? "starting" : "reconnecting";
      return;
    case "refused":
      void refused(state.problem);
      return;
    case "closed":
  }
}

/** A server that refuses mostly means that the stream is over. */
async function refused(why: Problem): Promise<void> {
  const running = stream.peek();
  const now = running ? await fetchStream(running.stream_id).catch(() => null) : null;
  if (now?.status === "ended" || now === null) return close("ended");
  problem.value = why;
  phase.value = "refused";
}

function close(to: Phase): void {
  publish?.close();
  publish = null;
  forget();
  stop(source.peek()?.media ?? null);
  source.value = null;
  since.value = null;
  phase.value = to;
}

effect(() => {
  const running = stream.value;
  const from = since.value;
  onAir.value = isSending.value && running && from !== null ? { streamId: running.stream_id, since: from } : null;
});

/** The browser asks before a running broadcast is left. */
function guard(event: BeforeUnloadEvent): void {
  event.preventDefault();
}

effect(() => {
  if (isSending.value) addEventListener("beforeunload", guard);
  else removeEventListener("beforeunload", guard);
});
