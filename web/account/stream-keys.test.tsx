import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { StreamKeys } from "./stream-keys";

const HOME = { stream_key_id: "k1", label: "OBS at home", prefix: "lsk_ab", created_at: "2026-01-01T00:00:00Z", last_used_at: null };

type Answer = { status: number; body?: object };

let root: HTMLElement;
let answers: Record<string, Answer[]>;
const asked: string[] = [];

beforeEach(() => {
  root = document.body.appendChild(document.createElement("div"));
  asked.length = 0;
  vi.stubGlobal("fetch", async (path: string, { method = "GET" }: RequestInit) => {
    const what = `${method} ${path}`;
    asked.push(what);
    const list = answers[what] ?? [];
    const { status, body } = (list.length > 1 ? list.shift() : list[0]) ?? { status: 404 };
    return new Response(status === 204 ? null : JSON.stringify(body ?? {}), { status });
  });
});
afterEach(() => {
  act(() => render(null, root));
  root.remove();
  vi.unstubAllGlobals();
});

/** Answers arrive, effects run, and what these asked for arrives too. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 4; turn += 1) await act(() => new Promise<void>((done) => setTimeout(done)));
}

async function show(listed: object[], more: Record<string, Answer[]> = {}): Promise<void> {
  answers = { "GET /api/stream-keys": [{ status: 200, body: { items: listed, next_cursor: null } }], ...more };
  act(() => render(<StreamKeys />, root));
  await settle();
}

async function press(name: string): Promise<void> {
  const buttons = [...root.querySelectorAll("button")].reverse();
  const button = buttons.find((one) => [one.getAttribute("aria-label"), one.textContent].includes(name));
  if (!button) throw new Error(`there is no button ${name}`);
  act(() => button.click());
  await settle();
}

async function make(label: string): Promise<void> {
  (root.querySelector("[name=label]") as HTMLInputElement).value = label;
  act(() => void root.querySelector("form")?.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true })));
  await settle();
}

const shownTexts = () => [...root.querySelectorAll<HTMLInputElement>("input[readonly]")].map(({ value }) => value);

test("who has no key is told so, and where programs publish to", async () => {
  await show([]);
  expect(root.querySelector(".empty")?.textContent).toContain("No keys yet");
  expect(shownTexts()).toEqual([`${location.origin}/whip`]);
});

test("a key's text is shown when it is made, and goes for good", async () => {
  const made = { ...HOME, key: "lsk_abc123", whip_url: "http://x/whip" };
  await show([], { "POST /api/stream-keys": [{ status: 201, body: made }] });
  answers["GET /api/stream-keys"] = [{ status: 200, body: { items: [HOME], next_cursor: null } }];
  await make("OBS at home");
  expect(shownTexts()).toContain("lsk_abc123");
  expect(root.querySelector("li")?.textContent).toContain("never used");
  await press("I have copied it");
  expect(root.innerHTML).not.toContain("lsk_abc123");
});

test("replacing asks first, and then shows the new text", async () => {
  await show([HOME], { "POST /api/stream-keys/k1/rotate": [{ status: 200, body: { ...HOME, key: "lsk_new" } }] });
  await press("Replace: OBS at home");
  await press("Leave it as it is");
  expect(asked).not.toContain("POST /api/stream-keys/k1/rotate");
  await press("Replace: OBS at home");
  await press("Replace the key");
  expect(shownTexts()).toContain("lsk_new");
});

test("revoking asks first, and then says that it is done", async () => {
  await show([HOME], { "DELETE /api/stream-keys/k1": [{ status: 204 }] });
  answers["GET /api/stream-keys"] = [{ status: 200, body: { items: [], next_cursor: null } }];
  await press("Revoke: OBS at home");
  expect(root.querySelector("dialog")?.textContent).toContain("Revoke the key “OBS at home”?");
  await press("Revoke the key");
  expect(asked).toContain("DELETE /api/stream-keys/k1");
  expect(root.querySelector("p[role=status]")?.textContent).toBe("“OBS at home” is revoked.");
  expect(root.querySelector("li")).toBeNull();
});

test("what is wrong is said: with the name at the name, else above the list", async () => {
  const wrong = { error: "a label has 1 to 50 characters, on one line", code: "LABEL_INVALID" };
  const full = { error: "you have 20 stream keys; revoke one first", code: "STREAM_KEY_LIMIT" };
  await show([HOME], { "POST /api/stream-keys": [{ status: 400, body: wrong }, { status: 409, body: full }] });
  await make(" ");
  expect(root.querySelector(".wrong")?.textContent).toBe("A label has 1 to 50 characters, on one line.");
  await make("one more");
  expect(root.querySelector("[role=alert]")?.textContent).toBe("You have 20 stream keys; revoke one first.");
});
