// How one is shown to others, and one's address.
import { useState } from "preact/hooks";

import { changeProfile, profile, session as fetchSession } from "../shared/calls";
import { session } from "../shared/session";
import type { Profile } from "../shared/shapes";
import { inWords, t } from "../shared/texts/texts";
import { Field, PasswordField, TextField } from "../shared/ui/field";
import { useLoad } from "../shared/ui/load";
import { Notice } from "../shared/ui/notice";
import { texts, useSubmit } from "./submit";

export function ProfileForm() {
  const { value, problem } = useLoad("me", profile);
  return (
    <section class="sheet">
      <h2>{t.account.profile}</h2>
      {problem && <Notice tone="bad"><span>{inWords(problem)}</span></Notice>}
      {value && <Fields profile={value} />}
    </section>
  );
}

function Fields({ profile: loaded }: { profile: Profile }) {
  const [me, setMe] = useState(loaded);
  const [email, setEmail] = useState(loaded.email ?? "");
  const submit = useSubmit();
  const [isSaved, setSaved] = useState(false);
  const send = (event: Event) => {
    const text = texts(event);
    const wanted = {
      username: text("username"), display_name: text("display_name"), bio: text("bio"), email: text("email"),
    };
    submit.run(async () => {
      setSaved(false);
      const isNew = ([key, now]: [string, string]) => now !== (me[key as keyof Profile] ?? "");
      const change = Object.fromEntries(Object.entries(wanted).filter(isNew));
      const proof = "email" in change ? { current_password: text("current_password") } : {};
      const now = await changeProfile({ ...change, ...proof });
      setMe(now);
      setEmail(now.email ?? "");
      session.value = await fetchSession();
      setSaved(true);
    })(event);
  };
  const watchEmail = ({ target }: Event) => {
    if (target instanceof HTMLInputElement && target.name === "email") setEmail(target.value);
  };
  const general = submit.general("USERNAME", "EMAIL", "DISPLAY_NAME", "BIO", "PASSWORD");
  return (
    <form class="form" onSubmit={send} onInput={watchEmail}>
      {general && <Notice tone="bad"><span>{general}</span></Notice>}
      <div class="columns">
        <TextField
          label={t.account.displayName} hint={t.account.displayNameHint} wrong={submit.wrong("DISPLAY_NAME")}
          name="display_name" defaultValue={me.display_name ?? ""} maxLength={50} autocomplete="nickname"
        />
        <TextField
          label={t.auth.username} hint={t.auth.usernameHint} wrong={submit.wrong("USERNAME")} autocomplete="username"
          name="username" defaultValue={me.username} required minLength={3} maxLength={30} autocapitalize="none"
        />
      </div>
      <TextField
        label={t.auth.email} hint={t.auth.emailHint} wrong={submit.wrong("EMAIL")}
        type="email" name="email" defaultValue={me.email ?? ""} required autocomplete="email"
      />
      {email !== (me.email ?? "") && (
        <PasswordField
          label={t.account.current} hint={t.account.emailNeedsPassword} wrong={submit.wrong("PASSWORD")}
          name="current_password" autocomplete="current-password" required
        />
      )}
      <Field label={t.account.bio} wrong={submit.wrong("BIO")}>
        {(control) => <textarea {...control} name="bio" defaultValue={me.bio ?? ""} maxLength={500} />}
      </Field>
      <div class="row">
        <button class="key main" disabled={submit.isBusy}>{submit.isBusy ? t.account.saving : t.account.save}</button>
        <span role="status" class="muted">{isSaved && !submit.isBusy ? t.account.saved : ""}</span>
      </div>
    </form>
  );
}
