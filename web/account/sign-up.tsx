// Making an account.
import { useLocation } from "preact-iso/router";
import { useEffect } from "preact/hooks";

import { signUp } from "../shared/calls";
import { session } from "../shared/session";
import { t } from "../shared/texts/texts";
import { PasswordField, TextField } from "../shared/ui/field";
import { Notice } from "../shared/ui/notice";
import { useTitle } from "../shared/ui/page";
import { nextPage } from "./next";
import { texts, useSubmit } from "./submit";

export default function SignUp() {
  useTitle(t.auth.signUpTitle);
  const { query, route } = useLocation();
  const submit = useSubmit();
  const who = session.value;
  useEffect(() => {
    if (who) route(nextPage(query.next), true);
  }, [who]);

  const send = (event: Event) => {
    const text = texts(event);
    submit.run(async () => {
      session.value = await signUp({ username: text("username"), email: text("email"), password: text("password") });
    })(event);
  };
  const general = submit.general("USERNAME", "EMAIL", "PASSWORD");
  return (
    <div class="page narrow">
      <div class="sheet">
        <h1>{t.auth.signUpTitle}</h1>
        <p>{t.auth.signUpLead}</p>
        <form class="form" onSubmit={send}>
          {general && <Notice tone="bad"><span>{general}</span></Notice>}
          <TextField
            label={t.auth.username} hint={t.auth.usernameHint} wrong={submit.wrong("USERNAME")}
            name="username" autocomplete="username" autocapitalize="none" spellcheck={false}
            required minLength={3} maxLength={30} pattern="[A-Za-z0-9][A-Za-z0-9_\-]*"
          />
          <TextField
            label={t.auth.email} hint={t.auth.emailHint} wrong={submit.wrong("EMAIL")}
            type="email" name="email" autocomplete="email" required maxLength={254}
          />
          <PasswordField
            label={t.auth.password} hint={t.auth.passwordHint} wrong={submit.wrong("PASSWORD")}
            name="password" autocomplete="new-password" required minLength={10} maxLength={128}
          />
          <button class="key main big" disabled={submit.isBusy}>
            {submit.isBusy ? t.auth.signingUp : t.auth.signUp}
          </button>
        </form>
      </div>
      <p class="muted below">{t.auth.haveAccount} <a href={`/login${location.search}`}>{t.nav.logIn}</a></p>
    </div>
  );
}
