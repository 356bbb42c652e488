// Home: what is live now, what was.
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";

import { keepListed } from "../shared/boot";
import { archives, streams } from "../shared/calls";
import { session } from "../shared/session";
import type { Archive } from "../shared/shapes";
import { inWords, t } from "../shared/texts/texts";
import { useLoad } from "../shared/ui/load";
import { Notice } from "../shared/ui/notice";
import { useTitle } from "../shared/ui/page";
import { ArchiveCard, LiveCard } from "./cards";

/** How often the list of what is live is asked for, in ms. */
const LIVE_EVERY = 10_000;

export function Home() {
  useTitle(t.product);
  return (
    <div class="page">
      {!session.value && <Opening />}
      {session.value && <h1 class="unseen">{t.product}</h1>}
      <Live />
      <Archives />
    </div>
  );
}

function Opening() {
  return (
    <div class="opening">
      <div>
        <h1>{t.home.lead}</h1>
        <p>{t.home.leadMore}</p>
      </div>
      <a class="key air big" href="/go-live"><span class="tally" />{t.nav.goLive}</a>
    </div>
  );
}

function Shelf({ title, count, children }: { title: string; count: number | null; children: ComponentChildren }) {
  return (
    <section class="shelf">
      <div class="slate">
        <h2>{title}</h2>
        {count !== null && <span class="figure" aria-hidden="true">{t.home.count(count)}</span>}
      </div>
      {children}
    </section>
  );
}

function Live() {
  const { value, problem, again } = useLoad("live", () => streams("live"));
  useEffect(() => keepListed(value?.items ?? []), [value]);
  useEffect(() => {
    const timer = setInterval(() => document.visibilityState === "visible" && again(), LIVE_EVERY);
    return () => clearInterval(timer);
  }, []);
  return (
    <Shelf title={t.home.live} count={value?.items.length ?? null}>
      {problem && <Notice tone="warn"><span>{inWords(problem)}</span></Notice>}
      {value?.items.length === 0 && (
        <div class="empty pictured">
          <div class="testcard" />
          <div>
            <h3>{t.home.nobody}</h3>
            <p>{t.home.nobodyMore}</p>
            <a class="key" href="/go-live">{t.home.beFirst}</a>
          </div>
        </div>
      )}
      <ul class="cards lead">{value?.items.map((stream) => <LiveCard key={stream.stream_id} stream={stream} />)}</ul>
    </Shelf>
  );
}

function Archives() {
  const { value, problem } = useLoad("archives", () => archives());
  const [more, setMore] = useState<{ items: readonly Archive[]; next: string | null } | null>(null);
  const next = more ? more.next : (value?.next_cursor ?? null);
  const items = [...(value?.items ?? []), ...(more?.items ?? [])].filter(({ status }) => status !== "failed");
  const fetchMore = async () => {
    const page = await archives(12, next).catch(() => null);
    if (page) setMore({ items: [...(more?.items ?? []), ...page.items], next: page.next_cursor });
  };
  return (
    <Shelf title={t.home.archives} count={null}>
      {problem && <Notice tone="warn"><span>{inWords(problem)}</span></Notice>}
      {value && items.length === 0 && (
        <div class="empty"><div><h3>{t.home.noArchives}</h3><p>{t.home.noArchivesMore}</p></div></div>
      )}
      <ul class="cards">{items.map((archive) => <ArchiveCard key={archive.archive_id} archive={archive} />)}</ul>
      {next && <p><button type="button" class="key" onClick={() => void fetchMore()}>{t.home.more}</button></p>}
    </Shelf>
  );
}
