// Where one is signed in, and ending it there.
import { useState } from "preact/hooks";

import { endSignIn, signIns } from "../shared/calls";
import { asProblem, type Problem } from "../shared/problem";
import type { SignIn } from "../shared/shapes";
import { inWords, t } from "../shared/texts/texts";
import { ago } from "../shared/time";
import { useLoad } from "../shared/ui/load";
import { Notice } from "../shared/ui/notice";
import { deviceName } from "./device-name";

export function SignIns() {
  const { value, problem, again } = useLoad("sign-ins", signIns);
  const [failed, setFailed] = useState<Problem | null>(null);
  const end = (id: string) => {
    setFailed(null);
    endSignIn(id).then(again, (thrown: unknown) => setFailed(asProblem(thrown)));
  };
  const wrong = problem ?? failed;
  return (
    <section class="sheet">
      <h2>{t.account.sessions}</h2>
      {wrong && <Notice tone="bad"><span>{inWords(wrong)}</span></Notice>}
      <ul class="table">{value?.map((one) => <Row key={one.session_id} signIn={one} end={end} />)}</ul>
    </section>
  );
}

function Row({ signIn, end }: { signIn: SignIn; end: (id: string) => void }) {
  const now = new Date();
  const words = [t.account.since(ago(new Date(signIn.created_at), now, t.locale))];
  if (signIn.last_seen_at) words.push(t.account.lastUsed(ago(new Date(signIn.last_seen_at), now, t.locale)));
  const name = deviceName(signIn.user_agent) ?? t.account.unknown;
  return (
    <li>
      <div>
        <strong>{name}</strong> {signIn.is_current && <span class="tag">{t.account.thisOne}</span>}
        <p class="muted small">{words.join(", ")}</p>
      </div>
      {!signIn.is_current && (
        <button type="button" class="key" aria-label={`${t.account.endSession}: ${name}`} onClick={() => end(signIn.session_id)}>
          {t.account.endSession}
        </button>
      )}
    </li>
  );
}
