// What people do on the pages, in their words. Everything goes through what they see: labels, buttons, links.

export async function fillSignUp(page, { username, email, password }) {
  await page.getByLabel("Username").fill(username);
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign up" }).click();
}

/** An account nobody has yet. */
export function newAccount(name) {
  const username = `${name}-${Math.random().toString(36).slice(2, 8)}`;
  return { username, email: `${username}@example.org`, password: `a long sentence for ${name}` };
}

const box = (page) => page.getByRole("textbox", { name: "Message" });

export async function say(page, text) {
  await box(page).fill(text);
  await box(page).press("Enter");
}

/** The chat's line with this text, once it is there. */
export function line(page, text) {
  return page.getByRole("log").getByText(text, { exact: true });
}

/** Runs in a page: `window.testLines` gets the time at which each line came on screen, by its text. */
export function watchLines() {
  window.testLines = {};
  const log = document.querySelector("[role=log]");
  const note = () => {
    for (const said of log.querySelectorAll(".said")) window.testLines[said.textContent] ??= Date.now();
  };
  note();
  new MutationObserver(note).observe(log, { childList: true, subtree: true, characterData: true });
}

/** Says `text` on `from` and returns how long it took to come on screen on `to`, in ms. */
export async function chatDelay(from, to, text) {
  await box(from).fill(text);
  await from.evaluate(() => {
    addEventListener("keydown", () => { window.testSaidAt = Date.now(); }, { capture: true, once: true });
  });
  await box(from).press("Enter");
  const seen = await to.waitForFunction((said) => window.testLines[said], text, { polling: 20 });
  const saidAt = await from.evaluate(() => window.testSaidAt);
  return (await seen.jsonValue()) - saidAt;
}
