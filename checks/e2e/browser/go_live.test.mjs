// The product's main job in a real browser: sign up, go live, watch, chat, end, and watch again.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { clockCamera, elapsed, readClock } from "./barcode.mjs";
import { decodes, launch, person, videoStats } from "./browser.mjs";
import { ARTEFACTS, figure, quantile } from "./figures.mjs";
import { inspect } from "./inspect.mjs";
import { chatDelay, fillSignUp, line, newAccount, say, watchLines } from "./people.mjs";

const TITLE = `Evening jam ${Date.now().toString(36)}`;
/** Frames over which the delay is measured, and after how many of them somebody writes in the chat. */
const FRAMES = 300;
const FRAMES_PER_LINE = 50;

let browser;
let creator;
let viewer;
let watchUrl;
const people = [];

async function enter(name, options) {
  const someone = await person(browser, name, options);
  people.push(someone);
  return someone;
}

before(async () => {
  browser = await launch();
  creator = await enter("creator", { before: [clockCamera] });
  viewer = await enter("viewer");
});
after(async () => {
  for (const { page, name } of people) await page.screenshot({ path: `${ARTEFACTS}last-${name}.png` }).catch(() => {});
  await browser?.close();
});

test("an empty house says so", async () => {
  await viewer.page.goto("/");
  await viewer.page.getByRole("heading", { name: "Live now" }).waitFor();
  await inspect(viewer.page, "home-before");
  await viewer.page.goto("/nowhere");
  await viewer.page.getByRole("heading", { name: "There is nothing here" }).waitFor();
  await inspect(viewer.page, "not-found");
});

test("a creator signs up and goes live in a few clicks", async () => {
  const { page } = creator;
  const began = Date.now();
  await page.goto("/");
  await page.getByRole("link", { name: "Go live", exact: true }).first().click();
  await inspect(page, "go-live-signed-out");
  await page.getByRole("link", { name: "Sign up" }).last().click();
  await page.getByRole("heading", { name: "Make an account" }).waitFor();
  await inspect(page, "sign-up");
  await fillSignUp(page, newAccount("mika"));
  await page.getByRole("meter", { name: "Microphone level" }).waitFor();
  await inspect(page, "go-live-preview");
  await page.getByLabel("Title").fill(TITLE);
  const pressed = Date.now();
  await page.getByRole("button", { name: "Go live", exact: true }).click();
  await page.locator("[data-phase=live]").waitFor();
  figure("go live: from the button to on air", Date.now() - pressed, "ms");
  figure("from the first page to on air, screenshots included", (Date.now() - began) / 1000, "s");
  watchUrl = new URL(await page.getByLabel("Link for viewers").inputValue()).pathname;
  await inspect(page, "go-live-on-air");
});

test("a viewer finds the stream at home and sees a moving picture", async () => {
  const { page } = viewer;
  await page.goto("/");
  const card = page.getByRole("link", { name: TITLE });
  await card.waitFor();
  await inspect(page, "home-live");
  await page.evaluate(() => addEventListener("click", (event) => { window.testClick = event.timeStamp; }, { capture: true, once: true }));
  await card.click();
  await firstPicture(page);
  const afterClick = await page.evaluate(() => performance.getEntriesByName("first-picture")[0].startTime - window.testClick);
  figure("first frame after the click", afterClick, "ms", 500);
  await decodes(page, 60);
  const stats = await videoStats(page);
  console.log(`the viewer decodes ${stats.codec}, ${stats.width} x ${stats.height}, ${stats.freezes} freezes`);
  assert.equal(stats.codec, "video/H264");

  await page.goto(watchUrl);
  await firstPicture(page);
  const afterNavigation = await page.evaluate(() => performance.getEntriesByName("first-picture")[0].startTime);
  figure("first frame after navigation", afterNavigation, "ms", 500);
  const [offered, begun] = await page.evaluate(() => [
    performance.getEntriesByType("resource").find(({ name }) => name.endsWith("/whep")).startTime,
    performance.getEntriesByName("page-begins")[0].startTime,
  ]);
  assert.ok(offered < begun, `the offer left at ${offered} ms, after the page began to be drawn at ${begun} ms`);
  await inspect(page, "watch-anonymous");
  const beyond = await page.evaluate(() => document.documentElement.scrollHeight - window.innerHeight);
  assert.equal(beyond, 0, "on a wide screen picture and chat fit without scrolling");
});

function firstPicture(page) {
  return page.waitForFunction(() => performance.getEntriesByName("first-picture").length > 0, null, { polling: 20 });
}

test("anonymous viewers read, signed-up ones write, and both directions arrive", async () => {
  await say(creator.page, "Welcome to the kitchen");
  await line(viewer.page, "Welcome to the kitchen").waitFor();
  await viewer.page.getByRole("link", { name: "Log in to chat" }).click();
  await inspect(viewer.page, "log-in");
  await viewer.page.getByRole("link", { name: "Sign up" }).last().click();
  await fillSignUp(viewer.page, newAccount("ren"));
  await viewer.page.waitForURL((url) => url.pathname === watchUrl);
  await line(viewer.page, "Welcome to the kitchen").waitFor();
  await say(viewer.page, "<b>What a kettle</b> 👏");
  await line(creator.page, "<b>What a kettle</b> 👏").waitFor();
  await decodes(viewer.page, 30);
  await inspect(viewer.page, "watch-chat");
});

test("the picture arrives within a fraction of a second, and so do the words", async () => {
  await viewer.page.evaluate(readClock);
  await Promise.all([creator, viewer].map(({ page }) => page.evaluate(watchLines)));
  const delays = [];
  for (let frames = FRAMES_PER_LINE; frames <= FRAMES; frames += FRAMES_PER_LINE) {
    await viewer.page.waitForFunction((least) => window.testClock.readings.length >= least, frames, { polling: 50 });
    const [from, to] = [creator.page, viewer.page];
    delays.push(await chatDelay(from, to, `creator at frame ${frames}`), await chatDelay(to, from, `viewer at frame ${frames}`));
  }
  const { readings, unreadable } = await viewer.page.evaluate(() => window.testClock);
  const glass = readings.map(({ shown, seen }) => elapsed(shown, seen));
  figure("glass to glass, p50", quantile(glass, 0.5), "ms");
  figure("glass to glass, p95", quantile(glass, 0.95), "ms", 250);
  figure("chat line to the other screen, p50", quantile(delays, 0.5), "ms");
  figure("chat line to the other screen, p99", quantile(delays, 0.99), "ms", 50);
  console.log(`${readings.length} pictures read, ${unreadable} not; ${delays.length} chat lines`);
  assert.ok(quantile(glass, 0.95) < 2_000, "the picture is seconds late");
  assert.ok(unreadable < readings.length / 4, "most pictures arrive readable");
});

test("who joins late gets the history, and is counted", async () => {
  const late = await enter("latecomer");
  await late.page.goto(watchUrl);
  await line(late.page, "Welcome to the kitchen").waitFor();
  await line(late.page, "<b>What a kettle</b> 👏").waitFor();
  await decodes(late.page, 30);
  await creator.page.waitForFunction(() => Number(document.querySelector("dd.viewers")?.textContent) >= 2);
  await late.context.close();
});

test("the end is seen by everybody, and the archive plays from beginning to end", async () => {
  await creator.page.getByRole("button", { name: "End stream" }).click();
  await inspect(creator.page, "end-question");
  const ended = Date.now();
  await creator.page.getByRole("dialog").getByRole("button", { name: "End stream" }).click();
  await viewer.page.locator("[data-state=ended]").waitFor();
  const link = viewer.page.getByRole("link", { name: "Watch the archive" });
  await link.waitFor();
  figure("from the end to a watchable archive", (Date.now() - ended) / 1000, "s", 3);
  await inspect(viewer.page, "watch-ended");
  await creator.page.getByRole("link", { name: "Watch the archive" }).waitFor();
  await inspect(creator.page, "go-live-ended");

  const { page } = viewer;
  await link.click();
  await page.waitForFunction(() => document.querySelector("video")?.readyState >= 2);
  await page.evaluate(readClock);
  await page.getByLabel("Speed").selectOption("2");
  await page.evaluate(() => document.querySelector("video").play());
  await page.waitForFunction(() => document.querySelector("video").ended, null, { timeout: 240_000, polling: 200 });
  const { readings } = await page.evaluate(() => window.testClock);
  const duration = await page.evaluate(() => document.querySelector("video").duration);
  const [first, last] = [readings[0], readings[readings.length - 1]];
  // The clock in the picture is the truth: what it spans, and what lies before the first reading and after the last.
  const truth = first.at + elapsed(first.shown, last.shown) / 1000 + 1 / 30;
  const api = await (await page.request.get(`/api${new URL(page.url()).pathname}`)).json();
  console.log(`the archive is ${duration} s in the player, ${api.duration} s in the API, ${truth.toFixed(2)} s by its own clock`);
  assert.ok(Math.abs(duration - truth) <= 0.5, `the player's duration ${duration} is off from ${truth}`);
  assert.ok(Math.abs(api.duration - truth) <= 0.5, `the API's duration ${api.duration} is off from ${truth}`);
  const lost = elapsed(last.shown, ended % 2 ** 24);
  figure("end of the recording before the click on End", Math.min(lost, 2 ** 24 - lost), "ms");
  await inspect(page, "archive");
});

test("afterwards the house shows the archive, and the account its sessions", async () => {
  await viewer.page.goto("/");
  await viewer.page.getByRole("link", { name: TITLE }).waitFor();
  await inspect(viewer.page, "home-archive");
  await viewer.page.getByRole("link", { name: /^Account/ }).click();
  await viewer.page.getByText("This browser").waitFor();
  await inspect(viewer.page, "account");
});

test("the pages complained about nothing", () => {
  assert.deepEqual(people.flatMap(({ complaints }) => complaints), []);
});
