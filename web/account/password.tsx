// Changing one's password.
import { useRef, useState } from "preact/hooks";

import { changePassword } from "../shared/calls";
import { session } from "../shared/session";
import { t } from "../shared/texts/texts";
import { PasswordField } from "../shared/ui/field";
import { Notice } from "../shared/ui/notice";
import { texts, useSubmit } from "./submit";

export function PasswordForm() {
  const submit = useSubmit();
  const form = useRef<HTMLFormElement>(null);
  const [isDone, setDone] = useState(false);
  const send = (event: Event) => {
    const text = texts(event);
    submit.run(async () => {
      setDone(false);
      await changePassword(text("current"), text("new"));
      form.current?.reset();
      setDone(true);
    })(event);
  };
  const general = submit.general("PASSWORD");
  return (
    <section class="sheet">
      <h2>{t.account.password}</h2>
      <form class="form" onSubmit={send} ref={form}>
        {general && <Notice tone="bad"><span>{general}</span></Notice>}
        <input type="email" name="email" autocomplete="username" value={session.value?.email ?? ""} readOnly hidden />
        <div class="columns">
          <PasswordField
            label={t.account.current} wrong={submit.wrong("PASSWORD_WRONG")}
            name="current" autocomplete="current-password" required
          />
          <PasswordField
            label={t.account.new} hint={t.auth.passwordHint} wrong={submit.wrong("PASSWORD_WRONG") ? null : submit.wrong("PASSWORD")}
            name="new" autocomplete="new-password" required minLength={10} maxLength={128}
          />
        </div>
        <div class="row">
          <button class="key main" disabled={submit.isBusy}>{t.account.change}</button>
          <span role="status" class="muted">{isDone ? t.account.changed : ""}</span>
        </div>
      </form>
    </section>
  );
}
