import { beforeEach, expect, test } from "vitest";

import { Problem } from "../shared/problem";
import { isFinal, Link, type LinkState, type Surroundings } from "./link";

class FakePeer {
  connectionState = "new";
  localDescription: { sdp: string } | null = null;
  onconnectionstatechange: (() => void) | null = null;
  isClosed = false;
  async createOffer() {
    return { sdp: "offer" };
  }
  async setLocalDescription(offer: { sdp: string }) {
    this.localDescription = offer;
  }
  async setRemoteDescription() {}
  close() {
    this.isClosed = true;
  }
  to(state: string) {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }
}

let peers: FakePeer[];
let states: LinkState[];
let waits: { ms: number; end: () => void; isCut: boolean }[];
let answers: (Problem | null)[];
let dismissed: (string | null)[];
let answered: number;

const around: Surroundings = {
  wait: (ms) => {
    let end = () => {};
    const over = new Promise<void>((done) => { end = done; });
    const wait = { ms, end, isCut: false };
    waits.push(wait);
    return { over, cut: () => { wait.isCut = true; } };
  },
  random: () => 1,
  negotiate: async () => {
    const problem = answers.shift();
    if (problem) throw problem;
    return { answer: "answer", place: `/s/${peers.length}` };
  },
  dismiss: (session) => {
    if (session) dismissed.push(session.place);
  },
};

const settle = () => new Promise<void>((done) => setTimeout(done));
const kinds = () => states.map(({ at }) => at);
const endWait = async (ms: number) => {
  const wait = waits.find((one) => one.ms === ms && !one.isCut)!;
  wait.isCut = true;
  wait.end();
  await settle();
};

function start(endsLost = true): Link {
  const link = new Link({
    endpoint: "/whep", bearer: null, endsLost,
    peer: () => {
      const peer = new FakePeer();
      peers.push(peer);
      return peer as unknown as RTCPeerConnection;
    },
    changed: (state) => states.push(state),
    answered: () => {
      answered += 1;
    },
  }, around);
  void link.run();
  return link;
}

beforeEach(() => {
  peers = [];
  states = [];
  waits = [];
  answers = [];
  dismissed = [];
  answered = 0;
});

test("it connects", async () => {
  start();
  await settle();
  peers[0]!.to("connecting");
  peers[0]!.to("connected");
  expect(kinds()).toEqual(["connecting", "connected"]);
});

test("an answer that was taken is told, a refusal is not", async () => {
  answers = [new Problem(503, "AWAY", "away"), null];
  start();
  await settle();
  expect(answered).toBe(0);
  await endWait(400);
  expect(answered).toBe(1);
});

test("a failed connection is offered anew, after a wait that starts over at the first", async () => {
  start();
  await settle();
  for (const round of [0, 1, 2]) {
    peers[round]!.to("connected");
    peers[round]!.to("failed");
    await settle();
    await endWait(400);
  }
  expect(peers).toHaveLength(4);
  expect(dismissed).toEqual(["/s/1", "/s/2", "/s/3"]);
  expect(peers[0]!.isClosed).toBe(true);
});

test("a short dip is waited out, a longer one is a loss", async () => {
  start();
  await settle();
  peers[0]!.to("connected");
  peers[0]!.to("disconnected");
  peers[0]!.to("connected");
  peers[0]!.to("disconnected");
  expect(peers).toHaveLength(1);
  await endWait(2500);
  await endWait(400);
  expect(peers).toHaveLength(2);
});

test("an answer that leads nowhere is given up", async () => {
  start();
  await settle();
  await endWait(10_000);
  expect(kinds()).toEqual(["connecting", "waiting"]);
});

test("a stream nobody sends is asked for as often as the server says; an overloaded server ever more slowly", async () => {
  const silent = () => new Problem(409, "STREAM_NOT_PUBLISHING", "nobody sends", 1000);
  answers = [silent(), silent(), new Problem(503, "BUSY", "busy", 5000)];
  start();
  await settle();
  await endWait(1500);
  await endWait(1500);
  await endWait(5000);
  expect(kinds()).toEqual(["connecting", "waiting", "connecting", "waiting", "connecting", "waiting", "connecting"]);
});

test("a refusal ends it", async () => {
  answers = [new Problem(404, "STREAM_NOT_FOUND", "no such stream")];
  start();
  await settle();
  expect(states[states.length - 1]).toMatchObject({ at: "refused", problem: { code: "STREAM_NOT_FOUND" } });
  expect(waits).toHaveLength(0);
});

test("a creator's lost session is left to the next offer: ending it would end the stream", async () => {
  const link = start(false);
  await settle();
  peers[0]!.to("connected");
  peers[0]!.to("failed");
  await settle();
  expect(dismissed).toEqual([]);
  await endWait(400);
  peers[1]!.to("connected");
  link.close();
  expect(dismissed).toEqual(["/s/2"]);
});

test("closing while the answer is under way ends the session that comes of it", async () => {
  const link = start();
  link.close();
  await settle();
  expect(kinds()).toEqual(["connecting", "closed"]);
  expect(dismissed).toEqual(["/s/1"]);
});

test("what is final", () => {
  const final = (status: number, code = "X") => isFinal(new Problem(status, code, ""));
  expect([0, 408, 429, 500, 503].map((status) => final(status))).toEqual([false, false, false, false, false]);
  expect([400, 401, 403, 404, 410, 422].map((status) => final(status))).toEqual([true, true, true, true, true, true]);
  expect([final(409, "STREAM_NOT_PUBLISHING"), final(409, "STREAM_ENDED")]).toEqual([false, true]);
});
