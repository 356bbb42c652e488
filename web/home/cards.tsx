// One stream or archive on a shelf.
import { startEarly } from "../media/watch";
import { reach, reachMedia } from "../shared/reach";
import { liveStatus, nameOf, type Archive, type Stream, type Visibility } from "../shared/shapes";
import { t } from "../shared/texts/texts";
import { ago, isoDuration, tick, timecode } from "../shared/time";
import { Lamp } from "../shared/ui/lamp";
import { Poster } from "./poster";

export function LiveCard({ stream }: { stream: Stream }) {
  const since = (tick() - Date.parse(stream.started_at)) / 1000;
  const isAway = liveStatus(stream) === "reconnecting";
  const count = stream.viewer_count ?? 0;
  return (
    <li class="card">
      <div class="picture">
        <Poster id={stream.stream_id} name={nameOf(stream.user) || stream.title} />
        <Lamp tone={isAway ? "wait" : "air"}>{isAway ? t.home.away : t.player.live}</Lamp>
        <Limits visibility={stream.visibility} />
        <span class="corner figure"><span class="unseen">{t.home.liveFor("")}</span>{timecode(since)}</span>
      </div>
      <h3><a href={`/watch/${stream.stream_id}`} onClick={(event) => isHere(event) && watchEarly(stream)}>{stream.title}</a></h3>
      <p class="by"><span class="clip">{nameOf(stream.user)}</span><span>{t.home.viewers(count)}</span></p>
    </li>
  );
}

/** Whether a click leads on in this tab. */
function isHere({ button, ctrlKey, metaKey, altKey, shiftKey }: MouseEvent): boolean {
  return button === 0 && !ctrlKey && !metaKey && !altKey && !shiftKey;
}

/** The picture is asked for before its page is drawn. */
function watchEarly({ stream_id, whep_url, hls_url }: Stream): void {
  void startEarly(stream_id, whep_url && reachMedia(whep_url, hls_url));
}

/** One's own streams are listed to oneself, also where others do not see them. */
function Limits({ visibility }: { visibility: Visibility }) {
  if (visibility === "public") return null;
  return <span class="corner left">{visibility === "private" ? t.player.private : t.player.unlisted}</span>;
}

export function ArchiveCard({ archive }: { archive: Archive }) {
  const created = new Date(archive.created_at);
  const seconds = archive.duration ?? 0;
  return (
    <li class="card">
      <div class="picture">
        <Poster
          id={archive.stream_id} name={nameOf(archive.user) || archive.title}
          thumbnail={archive.thumbnail_url ? reach(archive.thumbnail_url) : null}
        />
        {seconds > 0 && <time class="corner figure" dateTime={isoDuration(seconds)}>{timecode(seconds)}</time>}
      </div>
      <h3><a href={`/archives/${archive.archive_id}`}>{archive.title}</a></h3>
      <p class="by">
        <span class="clip">{nameOf(archive.user)}</span>
        <time dateTime={archive.created_at}>{ago(created, new Date(tick()), t.locale)}</time>
      </p>
    </li>
  );
}
