// Before the start: what the stream is called and who may watch.
import { useState } from "preact/hooks";

import { session } from "../shared/session";
import { nameOf, type Visibility } from "../shared/shapes";
import { inWords, t } from "../shared/texts/texts";
import { Field } from "../shared/ui/field";
import { Notice } from "../shared/ui/notice";
import { goLive, phase, problem } from "./broadcast";
import type { SourceHandle } from "./use-source";

export function Plan({ handle }: { handle: SourceHandle }) {
  const s = t.studio;
  const [title, setTitle] = useState(() => s.titleDefault(nameOf(session.peek())));
  const [visibility, setVisibility] = useState<Visibility>("public");
  const isBusy = phase.value === "starting";
  const wrong = problem.value;
  const isTitle = wrong?.code.startsWith("TITLE") ?? false;

  const start = (event: Event) => {
    event.preventDefault();
    if (handle.media && !isBusy) void goLive(title.trim(), visibility, { media: handle.media, wish: handle.wish });
  };
  return (
    <form class="sheet form" onSubmit={start}>
      <h1>{s.title}</h1>
      {wrong && !isTitle && <Notice tone="bad"><span>{inWords(wrong)}</span></Notice>}
      <Field label={s.streamTitle} hint={s.titleHint} wrong={isTitle && wrong ? inWords(wrong) : null}>
        {(control) => (
          <input {...control} type="text" name="title" required maxLength={140} autocomplete="off" value={title}
            onInput={(event) => setTitle(event.currentTarget.value)} />
        )}
      </Field>
      <WhoMayWatch value={visibility} onPick={setVisibility} />
      <button class="key air big wide" disabled={!handle.media || isBusy}>
        <span class={isBusy ? "tally on" : "tally"} />{isBusy ? s.starting : s.start}
      </button>
      <p class="small muted">{s.recorded}</p>
    </form>
  );
}

function WhoMayWatch({ value, onPick }: { value: Visibility; onPick: (visibility: Visibility) => void }) {
  const s = t.studio;
  const choices = [
    ["public", s.public, s.publicMore], ["unlisted", s.unlisted, s.unlistedMore], ["private", s.private, s.privateMore],
  ] as const;
  return (
    <fieldset>
      <legend>{s.visibility}</legend>
      <div class="choice tall column">
        {choices.map(([word, name, more]) => (
          <label key={word}>
            <input type="radio" name="visibility" value={word} checked={value === word} onChange={() => onPick(word)} />
            {name} <small>{more}</small>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
