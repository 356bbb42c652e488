import { render } from "preact";
import { act } from "preact/test-utils";
import { LocationProvider } from "preact-iso/router";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { session } from "../shared/session";
import SignUp from "./sign-up";

let root: HTMLElement;

beforeEach(() => {
  root = document.body.appendChild(document.createElement("div"));
  session.value = null;
});
afterEach(() => {
  act(() => render(null, root));
  root.remove();
  vi.unstubAllGlobals();
});

async function submitAgainst(status: number, body: object): Promise<void> {
  vi.stubGlobal("fetch", async () => new Response(JSON.stringify(body), { status }));
  act(() => render(<LocationProvider><SignUp /></LocationProvider>, root));
  await act(async () => {
    root.querySelector("form")?.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));
    await new Promise((done) => setTimeout(done));
  });
}

test("what is wrong with a field stands at that field, and is tied to it", async () => {
  await submitAgainst(409, { error: "that username is taken", code: "USERNAME_TAKEN" });
  const wrong = root.querySelector(".wrong");
  const box = root.querySelector("[name=username]");
  expect(wrong?.textContent).toBe("That username is taken.");
  expect([box?.getAttribute("aria-invalid"), box?.getAttribute("aria-describedby")]).toEqual(["true", wrong?.id]);
});

test("what belongs to no field stands above the form", async () => {
  await submitAgainst(503, { error: "postgres is away", code: "HTTP_503" });
  expect(root.querySelector("[role=alert]")?.textContent).toBe("A part of the server is away. Try again in a moment.");
});
