// The one-time link that makes its visitor an operator. Its token stands behind the `#`, which no server log sees.
import { useEffect, useState } from "preact/hooks";
import { useLocation } from "preact-iso/router";

import { becomeOperator } from "../shared/calls";
import { session } from "../shared/session";
import { nameOf } from "../shared/shapes";
import { t } from "../shared/texts/texts";
import { Notice } from "../shared/ui/notice";
import { useTitle } from "../shared/ui/page";
import { forgetToken, keepToken, keptToken } from "./operator-token";
import { useSubmit } from "./submit";

export default function Operator() {
  useTitle(t.operator.title);
  const { route } = useLocation();
  const submit = useSubmit();
  const [token] = useState(() => keepToken(location.hash) ?? keptToken());
  const [isDone, setDone] = useState(false);
  const who = session.value;
  useEffect(() => {
    if (who === null) route("/signup?next=/operator", true);
  }, [who]);
  if (!who) return <div class="loading" />;
  const become = submit.run(async () => {
    session.value = await becomeOperator(token ?? "");
    forgetToken();
    setDone(true);
  });
  const general = submit.general();
  return (
    <div class="page narrow">
      <form class="sheet form" onSubmit={become}>
        <h1>{t.operator.title}</h1>
        <p class="muted">{t.operator.lead}</p>
        {general && <Notice tone="bad"><span>{general}</span></Notice>}
        {!token && !isDone && <Notice tone="warn"><span>{t.operator.missing}</span></Notice>}
        {isDone
          ? <Notice tone="good"><span>{t.operator.done(nameOf(who))}</span><a class="key" href="/">{t.errors.home}</a></Notice>
          : <button class="key main big" disabled={submit.isBusy || !token}>
              {submit.isBusy ? t.operator.becoming : t.operator.become}
            </button>}
      </form>
    </div>
  );
}
