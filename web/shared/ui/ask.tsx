// A dialog that asks one question. The browser's own <dialog> keeps the focus, hears Escape, and gives the focus back.
import { useEffect, useRef } from "preact/hooks";

interface AskProps {
  readonly title: string;
  readonly more: string;
  readonly yes: string;
  readonly no: string;
  onYes(): void;
  onNo(): void;
}

export function Ask({ title, more, yes, no, onYes, onNo }: AskProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const isYes = useRef(false);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  // Closed before it leaves the page: only so does the focus return to where it was.
  const close = (answer: boolean) => {
    isYes.current = answer;
    dialog.current?.close();
  };
  return (
    <dialog ref={dialog} class="ask" aria-labelledby="ask-title" onClose={() => (isYes.current ? onYes() : onNo())}>
      <h2 id="ask-title">{title}</h2>
      <p>{more}</p>
      <div class="row end">
        <button type="button" class="key" autofocus onClick={() => close(false)}>{no}</button>
        <button type="button" class="key air" onClick={() => close(true)}>{yes}</button>
      </div>
    </dialog>
  );
}
