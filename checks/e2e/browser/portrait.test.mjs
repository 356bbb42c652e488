// The picture of the product that its README shows: a viewer's page on a good evening.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { decodes, launch, person } from "./browser.mjs";
import { ARTEFACTS } from "./figures.mjs";
import { Instance } from "./instance.mjs";
import { fillSignUp, line, say } from "./people.mjs";
import { lakeCamera } from "./scene.mjs";

const TALK = [
  ["mika", "Good evening, everybody. The sun is just going down."],
  ["noor", "Made it in time. What a sky!"],
  ["jonas", "Is that a lantern on the boat?"],
  ["mika", "It is. My neighbour rows home at this hour, every day."],
  ["ren", "No delay at all here, by the way. I am on the train."],
  ["noor", "The colours on the water…"],
  ["mika", "Tea is ready. Stay as long as you like."],
  ["jonas", "Best part of my day."],
];

let browser;
let instance;
const people = new Map();

before(async () => {
  instance = await Instance.make();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await instance?.end();
});

async function enter(name, options) {
  const someone = await person(browser, name, { baseURL: instance.url, ...options });
  people.set(name, someone);
  return someone.page;
}

async function signUp(page, username, next) {
  await page.goto(`/signup?next=${encodeURIComponent(next)}`);
  await fillSignUp(page, { username, email: `${username}@example.org`, password: `an evening by the lake, ${username}` });
}

test("an evening by the lake", async () => {
  const studio = await enter("mika", { before: [lakeCamera] });
  await signUp(studio, "mika", "/go-live");
  await studio.getByRole("meter", { name: "Microphone level" }).waitFor();
  await studio.getByLabel("Title").fill("An evening by the lake");
  await studio.getByRole("button", { name: "Go live", exact: true }).click();
  await studio.locator("[data-phase=live]").waitFor();
  const watchUrl = new URL(await studio.getByLabel("Link for viewers").inputValue()).pathname;
  for (const name of ["noor", "jonas", "ren"]) {
    const page = await enter(name, { viewport: { width: 640, height: 480 } });
    await signUp(page, name, watchUrl);
    await decodes(page, 10);
  }
  const viewer = await enter("ada", { colorScheme: "dark", reducedMotion: "reduce" });
  await signUp(viewer, "ada", watchUrl);
  await decodes(viewer, 30);
  for (const [name, text] of TALK) {
    await say(people.get(name).page, text);
    await line(viewer, text).waitFor();
  }
  await viewer.getByText("4 watching").waitFor();
  // By then the encoder has found its rate.
  await decodes(viewer, 240);
  await viewer.mouse.move(500, 400);
  await viewer.screenshot({ path: `${ARTEFACTS}live.png` });
  assert.deepEqual([...people.values()].flatMap(({ complaints }) => complaints), []);
});
