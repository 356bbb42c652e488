import { render } from "preact";
import { act } from "preact/test-utils";
import { LocationProvider } from "preact-iso/router";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { session } from "../shared/session";
import { Chat } from "./chat";
import { EMPTY, type Line, type Room } from "./fold";

const ME = { user_id: "u1", username: "mika" };
let root: HTMLElement;
const say = vi.fn();
const sayAgain = vi.fn();

const line = (key: string, more: Partial<Line> = {}): Line => ({
  key, offset: 1, at: 0, userId: "u2", username: "ren", isCreator: false, text: key, state: "sent", ...more,
});

function show(more: Partial<Room>): void {
  const room: Room = { ...EMPTY, connection: "open", you: ME, maySpeak: true, status: "live", ...more };
  const handle = { room, say, sayAgain, forget() {}, reconnect() {}, wake() {} };
  act(() => render(<LocationProvider><Chat handle={handle} /></LocationProvider>, root));
}

function type(text: string): HTMLTextAreaElement {
  const box = root.querySelector("textarea") as HTMLTextAreaElement;
  box.value = text;
  act(() => void box.dispatchEvent(new Event("input", { bubbles: true })));
  return box;
}

const press = (target: HTMLElement, more: KeyboardEventInit) =>
  act(() => void target.dispatchEvent(new KeyboardEvent("keydown", { bubbles: true, cancelable: true, ...more })));

beforeEach(() => {
  root = document.body.appendChild(document.createElement("div"));
  session.value = { ...ME, email: "m@example.org", display_name: null };
  say.mockClear();
});
afterEach(() => {
  act(() => render(null, root));
  root.remove();
});

test("what people write is text, never markup", () => {
  show({ lines: [line("x", { text: "<img src=x onerror=alert(1)>", username: "<b>ren</b>" })] });
  expect(root.querySelector(".line img, .line b")).toBeNull();
  expect(root.querySelector(".said")?.textContent).toBe("<img src=x onerror=alert(1)>");
});

test("Enter sends the trimmed text; Shift+Enter and an open input method do not", () => {
  show({});
  const box = type("  hello ");
  press(box, { key: "Enter", shiftKey: true });
  press(box, { key: "Enter", isComposing: true });
  expect(say).not.toHaveBeenCalled();
  press(box, { key: "Enter" });
  expect(say).toHaveBeenCalledWith("hello");
  expect(box.value).toBe("");
});

test("too long is said in characters, as the server counts them, and is not sent", () => {
  show({ maxChars: 3 });
  const box = type("👏👏👏👏");
  press(box, { key: "Enter" });
  expect(say).not.toHaveBeenCalled();
  expect(root.querySelector(".hint")?.textContent).toBe("1 character too long");
});

test("who was too fast sees how long to wait", () => {
  show({ refusal: { code: "TOO_FAST", error: "too fast", until: Date.now() + 4200 } });
  type("again");
  expect(root.querySelector(".hint.bad")?.textContent).toMatch(/Wait [45] s/);
  expect(root.querySelector<HTMLButtonElement>(".composer .key")?.disabled).toBe(true);
});

test("a line that was not sent can be tried again", () => {
  show({ lines: [line("c1", { state: "failed", userId: "u1" })] });
  act(() => root.querySelector<HTMLButtonElement>(".trouble button")?.click());
  expect(sayAgain).toHaveBeenCalledWith("c1");
});

test("readers are led to the log-in, and back here", () => {
  session.value = null;
  show({ you: null, maySpeak: false });
  expect(root.querySelector(".composer a")?.getAttribute("href")).toMatch(/^\/login\?next=/);
});

test("a lost chat says when it tries again", () => {
  show({ connection: "waiting", retryAt: Date.now() + 3500 });
  expect(root.querySelector(".trouble-bar")?.textContent).toMatch(/Trying again in [34] s/);
});
