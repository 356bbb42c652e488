// The product's main job by keyboard alone: no mouse, no touch, and the focus is seen wherever it goes.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { decodes, launch, person } from "./browser.mjs";
import { ARTEFACTS } from "./figures.mjs";
import { focus, pressOn, tabTo, writeInto } from "./keys.mjs";
import { line, newAccount } from "./people.mjs";

const TITLE = `Hands on the keys ${Date.now().toString(36)}`;

let browser;
let creator;
let viewer;
let watchUrl;

before(async () => {
  browser = await launch();
  creator = await person(browser, "creator at the keyboard");
  viewer = await person(browser, "viewer at the keyboard");
});
after(async () => {
  await creator?.page.screenshot({ path: `${ARTEFACTS}last-keyboard-creator.png` }).catch(() => {});
  await viewer?.page.screenshot({ path: `${ARTEFACTS}last-keyboard-viewer.png` }).catch(() => {});
  await browser?.close();
});

async function signUp(page, { username, email, password }) {
  await page.getByRole("heading", { name: "Make an account" }).waitFor();
  await writeInto(page, "Username", username);
  await writeInto(page, "E-mail", email);
  await writeInto(page, "Password", password);
  await page.keyboard.press("Enter");
}

test("a creator comes in, signs up and goes live", async () => {
  const { page } = creator;
  await page.goto("/");
  await page.getByRole("heading", { name: "Live now" }).waitFor();
  await tabTo(page, "Skip to the content");
  await pressOn(page, "Go live");
  await page.getByRole("heading", { name: "Log in to go live" }).waitFor();
  await pressOn(page, /^Sign up$/);
  await signUp(page, newAccount("kaya"));
  await page.getByRole("meter", { name: "Microphone level" }).waitFor();
  await writeInto(page, "Title", TITLE);
  await tabTo(page, /^Public/);
  await page.keyboard.press("ArrowDown");
  assert.match((await focus(page)).name, /^Unlisted/);
  await page.keyboard.press("ArrowUp");
  await pressOn(page, "Go live", "Space");
  await page.locator("[data-phase=live]").waitFor();
  watchUrl = new URL(await page.getByLabel("Link for viewers").inputValue()).pathname;
  await pressOn(page, "Mute", "Space");
  await page.getByRole("button", { name: "Unmute" }).waitFor();
  await page.keyboard.press("Space");
  await page.getByRole("button", { name: "Mute", exact: true }).waitFor();
});

test("a viewer finds the stream, hears it, stops it and fills the screen with it", async () => {
  const { page } = viewer;
  await page.goto("/");
  await page.getByRole("link", { name: TITLE }).waitFor();
  await pressOn(page, TITLE);
  await decodes(page, 10);
  const video = (what) => page.evaluate((key) => document.querySelector("video")[key], what);
  const becomes = (what, value) =>
    page.waitForFunction(([key, wanted]) => document.querySelector("video")[key] === wanted, [what, value]);

  await tabTo(page, "Player");
  await page.keyboard.press("m");
  const wasMuted = await video("muted");
  await page.keyboard.press("m");
  await becomes("muted", !wasMuted);
  if (!(await video("muted"))) await pressOn(page, "Mute", "Space");
  await page.getByRole("button", { name: "Unmute" }).waitFor();
  await pressOn(page, "Unmute", "Space");
  await becomes("muted", false);

  await pressOn(page, "Pause", "Space");
  await becomes("paused", true);
  await page.keyboard.press("Enter");
  await becomes("paused", false);
  await decodes(page, 10);

  await pressOn(page, "Full screen");
  await page.waitForFunction(() => document.fullscreenElement !== null);
  await page.getByRole("button", { name: "Leave full screen" }).waitFor();
  assert.equal((await focus(page)).name, "Leave full screen");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.fullscreenElement === null);
  await page.getByRole("button", { name: "Full screen", exact: true }).waitFor();
});

test("both talk", async () => {
  await pressOn(viewer.page, "Log in to chat");
  await viewer.page.getByRole("heading", { name: "Log in" }).waitFor();
  await pressOn(viewer.page, /^Sign up$/);
  await viewer.page.getByRole("heading", { name: "Make an account" }).waitFor();
  await signUp(viewer.page, newAccount("tabea"));
  await viewer.page.waitForURL((url) => url.pathname === watchUrl);
  await writeInto(viewer.page, "Message", "Not a mouse in sight");
  await viewer.page.keyboard.press("Enter");
  await line(creator.page, "Not a mouse in sight").waitFor();

  await writeInto(creator.page, "Message", "Only keys here");
  await pressOn(creator.page, "Send");
  await line(viewer.page, "Only keys here").waitFor();
  assert.equal((await focus(creator.page)).name, "Message", "after sending one can go on writing");
});

test("the end is asked for, can be called off, and comes", async () => {
  const { page } = creator;
  const question = page.getByRole("dialog");
  await pressOn(page, "End stream");
  await question.waitFor();
  assert.equal((await focus(page)).name, "Keep streaming", "the harmless answer has the focus");
  await page.keyboard.press("Escape");
  await question.waitFor({ state: "detached" });
  assert.equal((await focus(page)).name, "End stream", "the focus is back where it was");
  await page.keyboard.press("Enter");
  await question.waitFor();
  await page.keyboard.press("Enter");
  await question.waitFor({ state: "detached" });
  assert.equal((await focus(page)).name, "End stream", "the focus is back where it was");
  await page.keyboard.press("Space");
  await question.waitFor();
  await tabTo(page, "End stream");
  await page.keyboard.press("Space");
  await viewer.page.locator("[data-state=ended]").waitFor();
  await viewer.page.getByRole("link", { name: "Watch the archive" }).waitFor();
  await pressOn(viewer.page, "Watch the archive");
  await viewer.page.waitForFunction(() => document.querySelector("video")?.readyState >= 2);
  await tabTo(viewer.page, "Position");
});

test("the pages complained about nothing", () => {
  assert.deepEqual([...creator.complaints, ...viewer.complaints], []);
});
