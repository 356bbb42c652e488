// The archive page: a recording, and what is known of it.
import { useEffect } from "preact/hooks";

import { bootArchive } from "../shared/boot";
import { archive as fetchArchive } from "../shared/calls";
import { reach } from "../shared/reach";
import { session } from "../shared/session";
import { nameOf, type Archive } from "../shared/shapes";
import { t } from "../shared/texts/texts";
import { ago, isoDuration, size, tick, timecode } from "../shared/time";
import { Copy } from "../shared/ui/copy";
import { Icon } from "../shared/ui/icons";
import { useLoad } from "../shared/ui/load";
import { useTitle } from "../shared/ui/page";
import { Trouble } from "../shared/ui/trouble";
import { ArchiveStage } from "./archive-stage";
import { downloadOf } from "./download";

/** How often an archive that is still being worked on is asked for, in ms; and one whose download fails to come. */
const ASK_EVERY = 3_000;
const ASK_SELDOM = 60_000;

export default function ArchivePage({ id }: { id?: string }) {
  const archiveId = id ?? "";
  const first = bootArchive(archiveId);
  if (session.value === undefined && !first) return <div class="loading" />;
  return <Loaded key={archiveId} archiveId={archiveId} first={first} />;
}

function Loaded({ archiveId, first }: { archiveId: string; first: Archive | null }) {
  const { value, problem, again } = useLoad(archiveId, () => fetchArchive(archiveId), first);
  const every = value ? pace(value, tick()) : null;
  useEffect(() => {
    if (every === null) return;
    const timer = setInterval(again, every);
    return () => clearInterval(timer);
  }, [every]);
  if (!value) return problem ? <Trouble problem={problem} again={again} /> : <div class="loading" />;
  return (
    <div class="archive">
      <ArchiveStage key={value.status === "recording" ? "soon" : "there"} archive={value} />
      <About archive={value} />
    </div>
  );
}

function pace(archive: Archive, now: number): number | null {
  const isGrowing = archive.status === "recording" || archive.status === "ready";
  if (!isGrowing) return null;
  return downloadOf(archive, now) === "missing" ? ASK_SELDOM : ASK_EVERY;
}

function About({ archive }: { archive: Archive }) {
  useTitle(t.player.title(archive.title, nameOf(archive.user)));
  const { created_at, duration, file_size, visibility } = archive;
  const download = downloadOf(archive, tick());
  const when = ago(new Date(created_at), new Date(tick()), t.locale);
  return (
    <div class="about">
      <div class="stack tight">
        <h1>{archive.title}</h1>
        <div class="facts">
          <strong>{nameOf(archive.user)}</strong>
          <time dateTime={created_at}>{t.archive.recorded(when)}</time>
          {!!duration && <time class="figure" dateTime={isoDuration(duration)}>{timecode(duration)}</time>}
          {!!file_size && <span class="figure">{size(file_size, t.locale)}</span>}
          {visibility === "unlisted" && <span class="tag">{t.archive.unlisted}</span>}
          {visibility === "private" && <span class="tag">{t.archive.private}</span>}
        </div>
      </div>
      <div class="row">
        {download === "making" && <span class="small muted" role="status">{t.archive.downloadSoon}</span>}
        {download === "missing" && <span class="small muted" role="status">{t.archive.downloadMissing}</span>}
        {archive.download_url && (
          <a class="key" href={reach(archive.download_url)} download><Icon name="down" size={18} /> {t.archive.download}</a>
        )}
        <Copy text={location.href} done={t.player.copied}><Icon name="share" size={18} /> {t.player.share}</Copy>
      </div>
    </div>
  );
}
