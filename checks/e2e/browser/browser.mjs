// Chromium as the tests use it: a fake camera, eyes on every peer connection, and a memory for complaints.
import { existsSync } from "node:fs";

import { chromium } from "playwright-core";

/** Where the server under test answers; `./dev test` sets it. */
export const BASE = process.env.LIVESTREAM_URL ?? "http://127.0.0.1:8080";

const PLACES = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--use-fake-device-for-media-stream=fps=30",
  "--use-fake-ui-for-media-stream", "--allow-loopback-in-peer-connection",
];

/** Nothing takes longer than this, in ms: then it failed. */
export const PATIENCE = 30_000;

export async function launch() {
  const executablePath = PLACES.find((place) => place && existsSync(place));
  if (!executablePath) throw new Error("no Chromium found; set CHROMIUM to its path");
  return chromium.launch({ executablePath, args: FLAGS });
}

/**
 * A person with a browser of their own. `before` are functions that run in each page before its own scripts.
 * Loopback candidates are offered only to pages that may use a camera, so everybody may.
 */
export async function person(browser, name, { before = [], ...options } = {}) {
  const context = await browser.newContext({
    baseURL: BASE, viewport: { width: 1440, height: 900 }, permissions: ["camera", "microphone"], locale: "en", ...options,
  });
  context.setDefaultTimeout(PATIENCE);
  await context.addInitScript(rememberPeers);
  for (const script of before) await context.addInitScript(script);
  const page = await context.newPage();
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(`${name}: ${error.stack ?? error}`));
  page.on("console", (message) => {
    // Requests that fail are the pages' business: they show it. Anything else is a mistake of the pages.
    const isRefusal = /^Failed to load resource|^WebSocket connection to .* net::ERR_/.test(message.text());
    if (message.type() === "error" && !isRefusal) complaints.push(`${name}: ${message.text()}`);
  });
  return { name, context, page, complaints };
}

/** Runs in the page: keeps every peer connection where the test finds it. */
function rememberPeers() {
  const Real = window.RTCPeerConnection;
  const peers = [];
  window.testPeers = peers;
  window.RTCPeerConnection = class extends Real {
    constructor(...args) {
      super(...args);
      peers.push(this);
    }
  };
}

/** Frames this page's connections have decoded so far, and what they know of the video. */
export function videoStats(page) {
  return page.evaluate(async () => {
    let found = { framesDecoded: 0, codec: null, width: 0, height: 0, freezes: 0 };
    for (const peer of window.testPeers) {
      const report = await peer.getStats();
      for (const entry of report.values()) {
        if (entry.type !== "inbound-rtp" || entry.kind !== "video") continue;
        const codec = report.get(entry.codecId)?.mimeType ?? null;
        const { framesDecoded = 0, frameWidth = 0, frameHeight = 0, freezeCount = 0 } = entry;
        found = { framesDecoded: found.framesDecoded + framesDecoded, codec, width: frameWidth, height: frameHeight, freezes: freezeCount };
      }
    }
    return found;
  });
}

/** Waits until this page has decoded `more` frames from now on. */
export async function decodes(page, more) {
  const { framesDecoded } = await videoStats(page);
  const enough = async (least) => {
    let sum = 0;
    for (const peer of window.testPeers) {
      for (const entry of (await peer.getStats()).values()) {
        if (entry.type === "inbound-rtp" && entry.kind === "video") sum += entry.framesDecoded ?? 0;
      }
    }
    return sum >= least;
  };
  await page.waitForFunction(enough, framesDecoded + more, { polling: 100 });
}
