// The chat for screen readers: single lines are read out, a flood is counted.
import { useEffect, useRef, useState } from "preact/hooks";

import { t } from "../shared/texts/texts";
import type { Line } from "./fold";

/** Lines are gathered this long before anything is read out, in ms. */
const GATHER_MS = 3_000;

export function useDigest(lines: readonly Line[], me: string | undefined): string {
  const [text, setText] = useState("");
  const told = useRef<number | null>(null);
  const latest = useRef(lines);
  latest.current = lines;
  useEffect(() => {
    const timer = setInterval(() => {
      const top = latest.current.reduce((most, line) => Math.max(most, line.offset ?? 0), 0);
      const from = told.current;
      told.current = top;
      // What was there on joining is history.
      if (from !== null && top > from) setText(digestOf(latest.current, from, me));
    }, GATHER_MS);
    return () => clearInterval(timer);
  }, [me]);
  return text;
}

/** What is read out of the lines after position `from`. */
export function digestOf(lines: readonly Line[], from: number, me: string | undefined): string {
  const fresh = lines.filter((line) => (line.offset ?? 0) > from && line.userId !== me);
  const [only] = fresh;
  if (!only) return "";
  return fresh.length === 1 ? t.chat.said(only.username, only.text) : t.chat.digest(fresh.length);
}
