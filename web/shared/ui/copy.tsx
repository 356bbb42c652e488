// Copies a text and says so for a moment, if it could.
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
  const copy = async (button: HTMLElement) => {
    if (!(await toClipboard(text, button))) return;
    setDone(true);
    setTimeout(() => setDone(false), SAID_MS);
  };
  return (
    <>
      <button type="button" class={look} onClick={(event) => void copy(event.currentTarget)}>
        {isDone ? done : children}
      </button>
      <span class="unseen" role="status">{isDone ? done : ""}</span>
    </>
  );
}

/** Pages over plain http have no clipboard of their own: there the old command copies what is selected. */
async function toClipboard(text: string, button: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const box = document.createElement("textarea");
    box.value = text;
    box.className = "unseen";
    button.after(box);
    box.select();
    const isCopied = document.execCommand("copy");
    box.remove();
    button.focus();
    return isCopied;
  }
}
