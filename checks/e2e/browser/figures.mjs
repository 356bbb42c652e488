// The measured figures: printed as lines, and kept as JSON beside the screenshots.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const ARTEFACTS = fileURLToPath(new URL("../artefacts/", import.meta.url));
mkdirSync(ARTEFACTS, { recursive: true });

const FILE = `${ARTEFACTS}figures.json`;

/** The value below which `part` of the samples lie. */
export function quantile(samples, part) {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(part * sorted.length) - 1)] ?? Number.NaN;
}

/** Keeps one figure. `goal` is the most it should be; whoever prints it decides nothing by it. */
export function figure(name, value, unit, goal = null) {
  const rounded = Math.round(value * 10) / 10;
  const verdict = goal === null ? "" : ` (goal ≤ ${goal} ${unit}: ${rounded <= goal ? "met" : "MISSED"})`;
  console.log(`figure ${name}: ${rounded} ${unit}${verdict}`);
  writeFileSync(FILE, `${JSON.stringify({ ...read(), [name]: { value: rounded, unit, goal } }, null, 2)}\n`);
}

function read() {
  try {
    return JSON.parse(readFileSync(FILE, "utf8"));
  } catch {
    return {};
  }
}
