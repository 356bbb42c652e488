// The keys that OBS and the like publish with: made, renewed, revoked. A key's text is shown once.
import { useRef, useState } from "preact/hooks";

import { makeStreamKey, revokeStreamKey, rotateStreamKey, streamKeys } from "../shared/calls";
import type { NewStreamKey, StreamKey } from "../shared/shapes";
import { inWords, t } from "../shared/texts/texts";
import { Ask } from "../shared/ui/ask";
import { TextField } from "../shared/ui/field";
import { useLoad } from "../shared/ui/load";
import { Notice } from "../shared/ui/notice";
import { KeyRow } from "./key-row";
import { CopyLine, KeyText } from "./key-text";
import { texts, useSubmit } from "./submit";

/** What a question is about: the key and what would happen to it. */
type Question = { readonly deed: "rotate" | "revoke"; readonly key: StreamKey };

export function StreamKeys() {
  const k = t.keys;
  const { value, problem, again } = useLoad("stream-keys", streamKeys);
  const submit = useSubmit();
  const form = useRef<HTMLFormElement>(null);
  const title = useRef<HTMLHeadingElement>(null);
  const [fresh, setFresh] = useState<NewStreamKey | null>(null);
  const [question, setQuestion] = useState<Question | null>(null);
  const [done, setDone] = useState("");

  const run = (event: Event, deed: () => Promise<NewStreamKey | null>) => {
    setDone("");
    submit.run(async () => {
      try {
        const shown = await deed();
        if (shown) setFresh(shown);
      } finally {
        again();
      }
    })(event);
  };
  const make = (event: Event) => {
    const label = texts(event)("label");
    run(event, async () => {
      const made = await makeStreamKey(label);
      form.current?.reset();
      return made;
    });
  };
  const answer = ({ deed, key }: Question) => {
    setQuestion(null);
    run(new Event("answer"), async () => {
      if (deed === "rotate") return rotateStreamKey(key.stream_key_id);
      await revokeStreamKey(key.stream_key_id);
      if (fresh?.stream_key_id === key.stream_key_id) setFresh(null);
      setDone(k.revoked(key.label));
      // The button that was pressed is gone with its row.
      title.current?.focus();
      return null;
    });
  };
  const wrong = submit.general("LABEL") ?? (problem ? inWords(problem) : null);
  return (
    <section class="sheet keys" aria-labelledby="keys-title">
      <h2 id="keys-title" ref={title} tabIndex={-1}>{k.title}</h2>
      <p class="muted">{k.lead}</p>
      <CopyLine label={k.server} text={`${location.origin}/whip`} copy={k.copyServer} />
      {wrong && <Notice tone="bad"><span>{wrong}</span></Notice>}
      {fresh && <KeyText key={fresh.key} fresh={fresh} done={() => { setFresh(null); title.current?.focus(); }} />}
      {value?.length === 0 && <div class="empty"><div><h3>{k.none}</h3><p>{k.noneMore}</p></div></div>}
      {!!value?.length && (
        <ul class="table">
          {value.map((key) => (
            <KeyRow key={key.stream_key_id} streamKey={key} isBusy={submit.isBusy} ask={(deed) => setQuestion({ deed, key })} />
          ))}
        </ul>
      )}
      <p role="status" class={done ? "muted" : "unseen"}>{done}</p>
      <form class="form beside-key" onSubmit={make} ref={form}>
        <TextField label={k.label} hint={k.labelHint} wrong={submit.wrong("LABEL")} name="label" required maxLength={50} />
        <button class="key main" disabled={submit.isBusy}>{submit.isBusy ? k.making : k.make}</button>
      </form>
      {question && (
        <Ask
          title={question.deed === "rotate" ? k.rotateAsk(question.key.label) : k.revokeAsk(question.key.label)}
          more={question.deed === "rotate" ? k.rotateMore : k.revokeMore}
          yes={question.deed === "rotate" ? k.rotateYes : k.revokeYes} no={k.keep}
          onYes={() => answer(question)} onNo={() => setQuestion(null)}
        />
      )}
    </section>
  );
}
