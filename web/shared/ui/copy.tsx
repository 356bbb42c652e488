// Copies a text and says so for a moment.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

const SAID_MS = 2_000;

interface CopyProps {
  readonly text: string;
  readonly done: string;
  readonly class?: string;
  readonly children: ComponentChildren;
}

export function Copy({ text, done, class: look = "key", children }: CopyProps) {
  const [isDone, setDone] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text).catch(() => {});
    setDone(true);
    setTimeout(() => setDone(false), SAID_MS);
  };
  return (
    <button type="button" class={look} onClick={() => void copy()}>
      {isDone ? done : children}
      <span class="unseen" role="status">{isDone ? done : ""}</span>
    </button>
  );
}
