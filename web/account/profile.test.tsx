import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { ProfileForm } from "./profile";

const me = { user_id: "1", username: "mika", email: "mika@example.com", display_name: null, bio: "" };

let root: HTMLElement;
let sent: unknown[];

beforeEach(() => {
  root = document.body.appendChild(document.createElement("div"));
  sent = [];
  vi.stubGlobal("fetch", async (_: string, init?: RequestInit) => {
    const change = typeof init?.body === "string" ? JSON.parse(init.body) : null;
    if (change) sent.push(change);
    return new Response(JSON.stringify({ ...me, ...change, current_password: undefined }), { status: 200 });
  });
});
afterEach(() => {
  act(() => render(null, root));
  root.remove();
  vi.unstubAllGlobals();
});

const box = (name: string) => root.querySelector<HTMLInputElement>(`[name=${name}]`);

/** Does it, and waits until what came of it is drawn. */
async function settled(work: () => void, until: () => void): Promise<void> {
  act(work);
  await vi.waitFor(() => act(until));
}

function type(name: string, value: string): void {
  act(() => {
    const field = box(name);
    if (!field) throw new Error(`there is no ${name}`);
    field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
}

function save(): Promise<void> {
  const before = sent.length;
  const submit = new Event("submit", { bubbles: true, cancelable: true });
  return settled(() => root.querySelector("form")?.dispatchEvent(submit), () => {
    expect(sent).toHaveLength(before + 1);
    expect(root.querySelector("[role=status]")?.textContent).toBe("Saved");
  });
}

test("a new e-mail address asks for the password, and nothing else does", async () => {
  await settled(() => render(<ProfileForm />, root), () => expect(box("bio")).not.toBeNull());
  type("bio", "Jams at night");
  expect(box("current_password")).toBeNull();
  await save();
  type("email", "mika@new.example");
  type("current_password", "correct horse battery");
  await save();
  expect(sent[0]).toEqual({ bio: "Jams at night" });
  expect(sent[1]).toMatchObject({ email: "mika@new.example", current_password: "correct horse battery" });
  expect(box("current_password")).toBeNull();
});
