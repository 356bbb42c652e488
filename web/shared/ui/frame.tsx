// What stands round every page: name, ways, theme, the way back to a running broadcast.
import type { ComponentChildren } from "preact";
import { useLocation } from "preact-iso/router";

import { onAir } from "../on-air";
import { leave, session } from "../session";
import { nameOf } from "../shapes";
import { t } from "../texts/texts";
import { nextTheme, theme } from "../theme";
import { tick, timecode } from "../time";
import { Icon } from "./icons";
import { Mark } from "./mark";

export function Frame({ children }: { children: ComponentChildren }) {
  const { path } = useLocation();
  return (
    <>
      <a class="key skip" href="#main">{t.nav.skip}</a>
      <header class="masthead">
        <Mark />
        <nav aria-label={t.nav.main}>
          {path !== "/go-live" && !(path === "/" && session.value === null) && <ToStudio />}
          <Who />
          <ThemeKey />
        </nav>
      </header>
      <main id="main" tabIndex={-1}>{children}</main>
      {!path.startsWith("/watch/") && (
        <footer class="colophon">
          <span>{t.nav.footer}</span>
          <a href="/api/docs" target="_blank" rel="noreferrer">{t.nav.api}</a>
        </footer>
      )}
    </>
  );
}

function ToStudio() {
  const mine = onAir.value;
  if (!mine) return <a class="key air" href="/go-live"><span class="tally" />{t.nav.goLive}</a>;
  const time = timecode((tick() - mine.since) / 1000);
  return (
    <a class="key air" href="/go-live">
      <span class="tally on" />{t.nav.onAir} <span class="figure">{time}</span>
      <span class="unseen">{t.nav.backToStudio}</span>
    </a>
  );
}

function Who() {
  const who = session.value;
  const { url, path } = useLocation();
  if (who === undefined) return null;
  if (who) {
    return (
      <>
        <a class="key plain" href="/account" aria-label={`${t.nav.account}: ${nameOf(who)}`}>
          <span class="who clip">{nameOf(who)}</span>
        </a>
        <button type="button" class="key plain not-small" onClick={() => void leave()}>{t.nav.logOut}</button>
      </>
    );
  }
  const isThere = path === "/login" || path === "/signup";
  const next = isThere || path === "/" ? "" : `?next=${encodeURIComponent(url)}`;
  return (
    <>
      <a class="key plain" href={`/login${next}`}>{t.nav.logIn}</a>
      <a class="key not-small" href={`/signup${next}`}>{t.nav.signUp}</a>
    </>
  );
}

function ThemeKey() {
  const name = t.nav.theme[theme.value];
  const icon = { system: "auto", light: "sun", dark: "moon" } as const;
  return (
    <button type="button" class="key plain" aria-label={name} title={name} onClick={nextTheme}>
      <Icon name={icon[theme.value]} size={20} />
    </button>
  );
}
