// A creator loses the page in mid-stream and is back within the grace time: the same stream goes on.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { clockCamera } from "./barcode.mjs";
import { decodes, launch, person } from "./browser.mjs";
import { ARTEFACTS, figure } from "./figures.mjs";
import { inspect } from "./inspect.mjs";
import { fillSignUp, newAccount } from "./people.mjs";

let browser;
let creator;
let viewer;

before(async () => {
  browser = await launch();
  creator = await person(browser, "returning creator", { before: [clockCamera] });
  viewer = await person(browser, "waiting viewer");
  creator.page.on("dialog", (dialog) => dialog.accept());
});
after(async () => {
  await creator?.page.screenshot({ path: `${ARTEFACTS}last-returning-creator.png` }).catch(() => {});
  await viewer?.page.screenshot({ path: `${ARTEFACTS}last-waiting-viewer.png` }).catch(() => {});
  await browser?.close();
});

async function goLive() {
  const { page } = creator;
  await page.goto("/signup?next=/go-live");
  await fillSignUp(page, newAccount("gretchen"));
  await page.getByRole("meter", { name: "Microphone level" }).waitFor();
  await page.getByRole("button", { name: "Go live", exact: true }).click();
  await page.locator("[data-phase=live]").waitFor();
  return new URL(await page.getByLabel("Link for viewers").inputValue()).pathname;
}

test("a reload pauses the stream, and the viewer sees it go on", async () => {
  const watchUrl = await goLive();
  await viewer.page.goto(watchUrl);
  await decodes(viewer.page, 30);

  await creator.page.reload();
  await viewer.page.locator("[data-state=away]").waitFor();
  await inspect(viewer.page, "watch-away");
  await creator.page.getByRole("button", { name: "Resume" }).waitFor();
  await inspect(creator.page, "go-live-resume");
  const pressed = Date.now();
  await creator.page.getByRole("button", { name: "Resume" }).click();
  await creator.page.locator("[data-phase=live]").waitFor();
  await viewer.page.locator("[data-state=away]").waitFor({ state: "detached" });
  figure("from Resume to a moving picture at the viewer", Date.now() - pressed, "ms");
  await decodes(viewer.page, 30);
  assert.equal(new URL(await creator.page.getByLabel("Link for viewers").inputValue()).pathname, watchUrl);
});

test("looking at other pages does not end the stream", async () => {
  await creator.page.getByRole("link", { name: /Home$/ }).click();
  await creator.page.getByRole("link", { name: "Back to the studio" }).waitFor();
  await decodes(viewer.page, 30);
  await inspect(creator.page, "home-on-air");
  await creator.page.getByRole("link", { name: "Back to the studio" }).click();
  await creator.page.getByRole("button", { name: "End stream" }).click();
  await creator.page.getByRole("dialog").getByRole("button", { name: "End stream" }).click();
  await viewer.page.locator("[data-state=ended]").waitFor();
});

test("the pages complained about nothing", () => {
  assert.deepEqual([...creator.complaints, ...viewer.complaints], []);
});
