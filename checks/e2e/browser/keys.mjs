// Hands that know only a keyboard. Wherever the focus comes, it must be seen.
import assert from "node:assert/strict";

/** More stops than any page has. */
const MOST_STOPS = 80;

/** Presses Tab until the focus is on what is called `name`, and checks on the way that every stop can be seen. */
export async function tabTo(page, name) {
  const passed = [];
  for (let stop = 0; stop < MOST_STOPS; stop += 1) {
    await page.keyboard.press("Tab");
    const here = await focus(page);
    // Between the last and the first stop lies the browser itself.
    if (here === null) continue;
    assert.ok(here.isSeen, `the focus cannot be seen on "${here.name}" (${here.what})`);
    if (name instanceof RegExp ? name.test(here.name) : here.name === name) return;
    passed.push(here.name);
  }
  assert.fail(`Tab never comes to "${name}", only to ${[...new Set(passed)].join(" | ")}`);
}

/** Goes to what is called `name` and presses `key` on it. */
export async function pressOn(page, name, key = "Enter") {
  await tabTo(page, name);
  await page.keyboard.press(key);
}

/** Goes to the field called `name` and writes into it, over what stands there. */
export async function writeInto(page, name, text) {
  await tabTo(page, name);
  await page.keyboard.press("Control+A");
  await page.keyboard.type(text);
}

/** What the focus is on: its name, and whether one sees that it is there; null where it is on nothing. */
export function focus(page) {
  return page.evaluate(() => {
    const here = document.activeElement;
    if (!here || here === document.body) return null;
    const isDrawn = (element) => {
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
      return (outlineStyle !== "none" && outlineWidth !== "0px") || boxShadow !== "none";
    };
    // A card or a label shows the focus of what it holds.
    const frames = [here, here.closest("label"), here.closest(".card")].filter((one) => one !== null);
    const box = frames.find(isDrawn)?.getBoundingClientRect();
    const isInView = box && box.width > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
    const name = here.getAttribute("aria-label") ?? here.labels?.[0]?.textContent ?? here.textContent;
    return { name: name.trim(), what: here.outerHTML.slice(0, 120), isSeen: Boolean(isInView) };
  });
}
