// A creator makes a key for OBS, replaces it and revokes it; what is shown once is what publishes.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { launch, person } from "./browser.mjs";
import { ARTEFACTS } from "./figures.mjs";
import { inspect } from "./inspect.mjs";
import { fillSignUp, newAccount } from "./people.mjs";

let browser;
let creator;
let page;
let key;

before(async () => {
  browser = await launch();
  creator = await person(browser, "creator with OBS", { permissions: ["clipboard-read", "clipboard-write"] });
  page = creator.page;
});
after(async () => {
  await page?.screenshot({ path: `${ARTEFACTS}last-stream-keys.png` }).catch(() => {});
  await browser?.close();
});

/** What the server address says to an offer that is made with `bearer`: "welcome", or the code of its refusal. */
async function offer(bearer) {
  const address = await page.getByLabel("Server address").inputValue();
  return page.evaluate(async ([url, authorization]) => {
    const peer = new RTCPeerConnection();
    for (const kind of ["video", "audio"]) peer.addTransceiver(kind, { direction: "sendonly" });
    await peer.setLocalDescription();
    const headers = { authorization, "content-type": "application/sdp", "x-livestream": "1" };
    const response = await fetch(url, { method: "POST", headers, body: peer.localDescription.sdp });
    peer.close();
    if (!response.ok) return (await response.json()).code;
    await fetch(new URL(response.headers.get("location"), url), { method: "DELETE", headers });
    return "welcome";
  }, [address, `Bearer ${bearer}`]);
}

async function shownKey() {
  const text = await page.getByLabel("Stream key", { exact: true }).inputValue();
  await page.getByRole("button", { name: "Copy key" }).click();
  await page.getByRole("button", { name: "Copied", exact: true }).waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), text);
  return text;
}

test("a key is made, shown once and good for publishing", async () => {
  await page.goto("/signup?next=/account");
  await fillSignUp(page, newAccount("olga"));
  await page.getByText("No keys yet").waitFor();
  await inspect(page, "account-no-keys");
  await page.getByLabel("Name of the new key").fill("OBS at home");
  await page.getByRole("button", { name: "Make a key" }).click();
  key = await shownKey();
  await inspect(page, "account-key-shown");
  assert.equal(await offer(key), "welcome");
  assert.equal(await offer(`${key}x`), "STREAM_KEY_INVALID");
  await page.getByRole("button", { name: "I have copied it" }).click();
  assert.ok(!(await page.content()).includes(key), "the key is still on the page");
  await page.reload();
  await page.getByText("OBS at home", { exact: true }).waitFor();
  assert.ok(!(await page.content()).includes(key), "the key comes back with a reload");
});

test("a replaced key is another one, and the old one is worth nothing", async () => {
  await page.getByRole("button", { name: "Replace: OBS at home" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Replace the key" }).click();
  const old = key;
  key = await shownKey();
  assert.notEqual(key, old);
  assert.equal(await offer(old), "STREAM_KEY_INVALID");
  assert.equal(await offer(key), "welcome");
});

test("a revoked key is gone, after a question", async () => {
  await page.getByRole("button", { name: "Revoke: OBS at home" }).click();
  await inspect(page, "account-revoke-question");
  await page.keyboard.press("Escape");
  assert.equal(await offer(key), "welcome");
  await page.getByRole("button", { name: "Revoke: OBS at home" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke the key" }).click();
  await page.getByText("“OBS at home” is revoked.").waitFor();
  await page.getByText("No keys yet").waitFor();
  assert.equal(await offer(key), "STREAM_KEY_INVALID");
});

test("the page complained about nothing", () => {
  assert.deepEqual(creator.complaints, []);
});
