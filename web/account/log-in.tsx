// Logging in.
import { useLocation } from "preact-iso/router";
import { useEffect } from "preact/hooks";

import { logIn } from "../shared/calls";
import { session } from "../shared/session";
import { t } from "../shared/texts/texts";
import { PasswordField, TextField } from "../shared/ui/field";
import { Notice } from "../shared/ui/notice";
import { useTitle } from "../shared/ui/page";
import { nextPage } from "./next";
import { texts, useSubmit } from "./submit";

export default function LogIn() {
  useTitle(t.auth.logInTitle);
  const { query, route } = useLocation();
  const submit = useSubmit();
  const who = session.value;
  useEffect(() => {
    if (who) route(nextPage(query.next), true);
  }, [who]);

  const send = (event: Event) => {
    const text = texts(event);
    submit.run(async () => {
      session.value = await logIn(text("email"), text("password"));
    })(event);
  };
  const general = submit.general("EMAIL");
  return (
    <div class="page narrow">
      <div class="sheet">
        <h1>{t.auth.logInTitle}</h1>
        <p>{t.auth.logInLead}</p>
        <form class="form" onSubmit={send}>
          {general && <Notice tone="bad"><span>{general}</span></Notice>}
          <TextField
            label={t.auth.email} wrong={submit.wrong("EMAIL")}
            type="email" name="email" autocomplete="email" required
          />
          <PasswordField label={t.auth.password} name="password" autocomplete="current-password" required />
          <button class="key main big" disabled={submit.isBusy}>
            {submit.isBusy ? t.auth.loggingIn : t.auth.logIn}
          </button>
        </form>
      </div>
      <p class="muted below">{t.auth.noAccount} <a href={`/signup${location.search}`}>{t.nav.signUp}</a></p>
    </div>
  );
}
