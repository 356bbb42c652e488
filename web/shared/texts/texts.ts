// The words of the language in use. A second language is one more entry in LANGUAGES.
import { asProblem } from "../problem";
import { en, type Texts } from "./en";

const LANGUAGES: Readonly<Record<string, Texts>> = { en };

function choose(wanted: readonly string[]): Texts {
  const found = wanted.map((tag) => LANGUAGES[tag.split("-")[0] ?? ""]).find((texts) => texts !== undefined);
  return found ?? en;
}

export const t: Texts = choose(globalThis.navigator?.languages ?? []);

/** A problem as a sentence for people. */
export function inWords(thrown: unknown): string {
  const { code, message } = asProblem(thrown);
  return t.problems[code] ?? sentence(message || t.errors.generic);
}

/** The server's texts are lower case and without full stop. */
export function sentence(text: string): string {
  const end = /[.!?…]$/.test(text) ? "" : ".";
  return text.charAt(0).toUpperCase() + text.slice(1) + end;
}
