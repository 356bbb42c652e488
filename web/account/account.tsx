// One's own account: profile, stream keys, password, where one is signed in.
import { useLocation } from "preact-iso/router";
import { useEffect } from "preact/hooks";

import { leave, session } from "../shared/session";
import { t } from "../shared/texts/texts";
import { useTitle } from "../shared/ui/page";
import { PasswordForm } from "./password";
import { ProfileForm } from "./profile";
import { SignIns } from "./sign-ins";
import { StreamKeys } from "./stream-keys";

export default function Account() {
  useTitle(t.account.title);
  const { route } = useLocation();
  const who = session.value;
  useEffect(() => {
    if (who === null) route("/login?next=/account", true);
  }, [who]);
  if (!who) return <div class="loading" />;
  return (
    <div class="page medium stack sections">
      <div class="row spread">
        <h1>{t.account.title}</h1>
        <button type="button" class="key" onClick={() => void leave()}>{t.account.logOut}</button>
      </div>
      <ProfileForm />
      <StreamKeys />
      <PasswordForm />
      <SignIns />
    </div>
  );
}
