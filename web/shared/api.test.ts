import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { ask, askJson, mayBeSignedIn, Problem, rememberSignedIn, whenSignedOut } from "./api";

type Answer = { status: number; body?: unknown; headers?: Record<string, string> };

const asked: { path: string; init: RequestInit }[] = [];
let answers: Record<string, Answer[]> = {};

function answer({ status, body, headers }: Answer): Response {
  return new Response(status === 204 ? null : JSON.stringify(body ?? {}), { status, headers: headers ?? {} });
}

beforeEach(() => {
  asked.length = 0;
  localStorage.clear();
  vi.stubGlobal("fetch", async (path: string, init: RequestInit) => {
    asked.push({ path, init });
    const next = answers[path]?.shift();
    if (!next) throw new TypeError("network error");
    return answer(next);
  });
});
afterEach(() => vi.unstubAllGlobals());

const paths = () => asked.map(({ path }) => path);
const expired: Answer = { status: 401, body: { error: "the session has expired", code: "SESSION_EXPIRED" } };

test("every request proves that a page of ours sent it", async () => {
  answers = { "/api/x": [{ status: 200, body: { a: 1 } }] };
  expect(await askJson("/api/x", { method: "POST", json: { b: 2 } })).toEqual({ a: 1 });
  const { headers, body, credentials } = asked[0]!.init;
  expect(headers).toMatchObject({ "x-livestream": "1", "content-type": "application/json" });
  expect([body, credentials]).toEqual(['{"b":2}', "same-origin"]);
});

test("a 401 is answered by one refresh and one repeat", async () => {
  answers = { "/api/x": [expired, { status: 200 }], "/api/auth/refresh": [{ status: 204 }] };
  await ask("/api/x");
  expect(paths()).toEqual(["/api/x", "/api/auth/refresh", "/api/x"]);
});

test("many requests at once share one refresh", async () => {
  answers = { "/api/x": [expired, expired, { status: 200 }, { status: 200 }], "/api/auth/refresh": [{ status: 204 }] };
  await Promise.all([ask("/api/x"), ask("/api/x")]);
  expect(paths().filter((path) => path === "/api/auth/refresh")).toHaveLength(1);
});

test("a second 401 is final", async () => {
  answers = { "/api/x": [expired, expired], "/api/auth/refresh": [{ status: 204 }] };
  await expect(ask("/api/x")).rejects.toMatchObject({ status: 401, code: "SESSION_EXPIRED" });
});

test("when the session is over, the pages are told and the 401 stands", async () => {
  rememberSignedIn(true);
  const told = vi.fn();
  whenSignedOut(told);
  answers = { "/api/x": [expired], "/api/auth/refresh": [{ status: 401 }] };
  await expect(ask("/api/x")).rejects.toMatchObject({ status: 401 });
  expect([told.mock.calls.length, mayBeSignedIn()]).toEqual([1, false]);
});

test("a server that is away does not sign anybody out", async () => {
  rememberSignedIn(true);
  answers = { "/api/x": [expired], "/api/auth/refresh": [{ status: 503 }] };
  await expect(ask("/api/x")).rejects.toMatchObject({ status: 503 });
  expect(mayBeSignedIn()).toBe(true);
});

test("wrong credentials are no expired session", async () => {
  answers = { "/api/auth/login": [{ status: 401, body: { error: "wrong", code: "WRONG_CREDENTIALS" } }] };
  await expect(ask("/api/auth/login", { method: "POST" })).rejects.toMatchObject({ code: "WRONG_CREDENTIALS" });
  expect(paths()).toEqual(["/api/auth/login"]);
});

test("problems carry the server's code, sentence and time", async () => {
  answers = { "/api/x": [{ status: 429, body: { error: "too many", code: "TOO_MANY" }, headers: { "retry-after": "2" } }] };
  const problem = await ask("/api/x").catch((thrown: unknown) => thrown as Problem);
  expect(problem).toMatchObject({ status: 429, code: "TOO_MANY", message: "too many", retryAfterMs: 2000, mayPass: true });
});

test("no answer and unreadable answers are problems too", async () => {
  answers = {};
  await expect(ask("/api/x")).rejects.toMatchObject({ status: 0, code: "NO_ANSWER", mayPass: true });
  vi.stubGlobal("fetch", async () => new Response("<html>", { status: 502 }));
  await expect(ask("/api/x")).rejects.toMatchObject({ status: 502, code: "HTTP_502" });
});
