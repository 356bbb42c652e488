// A dialog that asks one question. The browser's own <dialog> keeps the focus and hears Escape.
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
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  return (
    <dialog ref={dialog} class="ask" aria-labelledby="ask-title" onClose={onNo} onCancel={onNo}>
      <h2 id="ask-title">{title}</h2>
      <p>{more}</p>
      <div class="row end">
        <button type="button" class="key" autofocus onClick={onNo}>{no}</button>
        <button type="button" class="key air" onClick={onYes}>{yes}</button>
      </div>
    </dialog>
  );
}
