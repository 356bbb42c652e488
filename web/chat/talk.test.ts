import { beforeEach, expect, test } from "vitest";

import type { Room } from "./fold";
import { Talk, type Socket, type Surroundings } from "./talk";

class FakeSocket implements Socket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  sent: Record<string, unknown>[] = [];
  isClosed = false;
  send(text: string): void {
    this.sent.push(JSON.parse(text) as Record<string, unknown>);
  }
  close(): void {
    this.isClosed = true;
  }
  hear(frame: object): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }
  join(more: object = {}): void {
    this.onopen?.();
    this.hear({
      type: "joined", epoch: "e1", offset: 4, recovered: false, events: [], you: { user_id: "u1", username: "mika" },
      may_speak: true, max_chars: 500, server_time: 0, status: "live", viewer_count: 1, ...more,
    });
  }
}

let sockets: FakeSocket[];
let timers: { ms: number; act: () => void; isCut: boolean }[];
let room: Room | null;
let ids: number;
let renewed: number;

const around: Surroundings = {
  open: () => {
    const socket = new FakeSocket();
    sockets.push(socket);
    return socket;
  },
  now: () => 0,
  random: () => 1,
  later: (ms, act) => {
    const timer = { ms, act, isCut: false };
    timers.push(timer);
    return () => {
      timer.isCut = true;
    };
  },
  newId: () => `c${(ids += 1)}`,
  renew: async () => {
    renewed += 1;
  },
};

const last = () => sockets[sockets.length - 1]!;
const waiting = () => timers.filter((timer) => !timer.isCut);
const fire = () => {
  const timer = waiting()[0]!;
  timer.isCut = true;
  timer.act();
  return timer.ms;
};

beforeEach(() => {
  sockets = [];
  timers = [];
  room = null;
  ids = 0;
  renewed = 0;
});

const talk = () => new Talk(around, (now) => { room = now; });

test("the first frame joins, and a return names where it left off", () => {
  talk();
  last().join();
  expect(last().sent).toEqual([{ type: "join" }]);
  last().onclose?.({ code: 1006 });
  fire();
  last().onopen?.();
  expect(last().sent).toEqual([{ type: "join", epoch: "e1", offset: 4 }]);
});

test("the waits grow 1, 2, 4 s and start over once it has joined", () => {
  talk();
  last().join();
  const waits = [0, 1, 2].map(() => {
    last().onclose?.({ code: 3001 });
    return fire();
  });
  expect(waits).toEqual([1000, 2000, 4000]);
  last().join();
  last().onclose?.({ code: 3001 });
  expect(fire()).toBe(1000);
});

test("codes from 3500 on mean: do not come back", () => {
  talk();
  last().join();
  last().onclose?.({ code: 3507 });
  expect(room?.connection).toBe("closed");
  expect(waiting()).toHaveLength(0);
});

test("a socket that never answers is given up", () => {
  talk();
  last().onopen?.();
  expect(fire()).toBe(8000);
  expect(sockets[0]!.isClosed).toBe(true);
  expect(room?.connection).toBe("waiting");
});

test("what was said while away is sent on return; what had arrived is not sent again", () => {
  const mine = talk();
  last().join();
  mine.say("arrived");
  mine.say("lost");
  last().onclose?.({ code: 1006 });
  mine.say("written while away");
  fire();
  const by = { user_id: "u1", username: "mika" };
  last().join({ recovered: true, offset: 5, events: [{ offset: 5, id: "x", at: 1, kind: "message", by, text: "arrived", client_id: "c1" }] });
  expect(last().sent.slice(1)).toEqual([
    { type: "say", id: "c2", text: "lost" }, { type: "say", id: "c3", text: "written while away" },
  ]);
});

test("trying again says the line once more under its id", () => {
  const mine = talk();
  last().join();
  mine.say("hi");
  last().hear({ type: "error", code: "TOO_FAST", error: "too fast", id: "c1", retry_after_ms: 100 });
  mine.sayAgain("c1");
  expect(last().sent.slice(-1)).toEqual([{ type: "say", id: "c1", text: "hi" }]);
  expect(room?.lines).toMatchObject([{ key: "c1", state: "sending" }]);
});

test("an ended session is renewed before the return", async () => {
  talk();
  last().join();
  last().onclose?.({ code: 3005 });
  expect(renewed).toBe(1);
  fire();
  await Promise.resolve();
  expect(sockets).toHaveLength(2);
});

test("unknown frames are passed over", () => {
  talk();
  last().join();
  for (const data of ["{", "[]", "null", '{"type":"later"}', new ArrayBuffer(2)]) last().onmessage?.({ data });
  expect(room?.connection).toBe("open");
});

test("closing is final", () => {
  const mine = talk();
  last().join();
  mine.close();
  mine.reconnect();
  expect([sockets.length, last().isClosed, waiting().length]).toEqual([1, true, 0]);
});
