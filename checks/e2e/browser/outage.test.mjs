// The server goes away in mid-stream and comes back: the pages say so and heal without a reload.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { decodes, launch, person } from "./browser.mjs";
import { ARTEFACTS, figure } from "./figures.mjs";
import { inspect } from "./inspect.mjs";
import { Instance } from "./instance.mjs";
import { fillSignUp, line, newAccount, say } from "./people.mjs";

let browser;
let instance;
let creator;
let viewer;

before(async () => {
  instance = await Instance.make();
  browser = await launch();
  creator = await person(browser, "creator in an outage", { baseURL: instance.url });
  viewer = await person(browser, "viewer in an outage", { baseURL: instance.url });
});
after(async () => {
  await creator?.page.screenshot({ path: `${ARTEFACTS}last-outage-creator.png` }).catch(() => {});
  await viewer?.page.screenshot({ path: `${ARTEFACTS}last-outage-viewer.png` }).catch(() => {});
  await browser?.close();
  await instance?.end();
});

test("while the server is away the pages say so, and when it is back they go on", async () => {
  const { page } = creator;
  await page.goto("/signup?next=/go-live");
  await fillSignUp(page, newAccount("ines"));
  await page.getByRole("meter", { name: "Microphone level" }).waitFor();
  await page.getByRole("button", { name: "Go live", exact: true }).click();
  await page.locator("[data-phase=live]").waitFor();
  await viewer.page.goto(new URL(await page.getByLabel("Link for viewers").inputValue()).pathname);
  await decodes(viewer.page, 30);
  await say(page, "Before the storm");
  await line(viewer.page, "Before the storm").waitFor();
  await viewer.page.evaluate(() => { window.testSamePage = true; });

  await instance.crash();
  const gone = Date.now();
  await viewer.page.getByText("Chat lost.").waitFor();
  const named = viewer.page.locator("[data-state=reconnecting], [data-state=stalled]");
  await named.waitFor();
  figure("outage: until the viewer's page names it", (Date.now() - gone) / 1000, "s", 5);
  await inspect(viewer.page, "watch-outage");
  // By its fourth wait the chat has been away for some five seconds.
  await viewer.page.getByText(/Trying again in ([4-9]|[12]\d) s/).waitFor();
  figure("outage: how long the server was away", (Date.now() - gone) / 1000, "s");

  await instance.start();
  const back = Date.now();
  await page.locator("[data-phase=live]").waitFor();
  await named.waitFor({ state: "detached" });
  await viewer.page.locator("[data-state]").waitFor({ state: "detached" });
  await decodes(viewer.page, 30);
  figure("outage: from the server's return to a moving picture", (Date.now() - back) / 1000, "s");
  await viewer.page.getByText("Chat lost.").waitFor({ state: "detached" });
  await page.getByRole("textbox", { name: "Message" }).fill("After the storm");
  await page.getByRole("button", { name: "Send" }).click();
  await line(viewer.page, "After the storm").waitFor();
  figure("outage: from the server's return to a line of chat", (Date.now() - back) / 1000, "s");
  assert.equal(await viewer.page.evaluate(() => window.testSamePage), true, "nobody loaded the page again");
});

test("the pages complained about nothing", () => {
  assert.deepEqual([...creator.complaints, ...viewer.complaints], []);
});
