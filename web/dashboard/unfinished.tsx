// Streams of one's own that still run: the one a reload interrupted can go on here, others can be ended.
import { useEffect, useState } from "preact/hooks";

import { session } from "../shared/session";
import type { StartedStream, Stream } from "../shared/shapes";
import { t } from "../shared/texts/texts";
import { Notice } from "../shared/ui/notice";
import { abandon, canResume, findUnfinished, resume } from "./broadcast";
import type { SourceHandle } from "./use-source";

export function Unfinished({ handle }: { handle: SourceHandle }) {
  const s = t.studio;
  const me = session.value?.user_id;
  const [found, setFound] = useState<readonly (Stream | StartedStream)[]>([]);
  const [wanted, setWanted] = useState<StartedStream | null>(null);
  const { media, wish, isOpening, choose } = handle;
  const look = () => {
    if (me) void findUnfinished(me).then(setFound);
  };
  useEffect(look, [me]);
  useEffect(() => {
    if (wanted && media) resume(wanted, { media, wish });
  }, [wanted, media]);
  const goOn = (started: StartedStream) => {
    setWanted(started);
    if (!media) choose({});
  };
  return (
    <>
      {found.map((one) => (
        <Notice tone="warn" key={one.stream_id}>
          <div>
            <strong>{canResume(one) ? s.resume : s.openElsewhere}</strong>
            <p>{canResume(one) ? s.resumeMore(one.title) : s.openElsewhereMore(one.title)}</p>
          </div>
          {canResume(one) && (
            <button type="button" class="key main" disabled={isOpening} onClick={() => goOn(one)}>{s.resumeYes}</button>
          )}
          <button type="button" class="key" onClick={() => void abandon(one).finally(look)}>{s.resumeNo}</button>
        </Notice>
      ))}
    </>
  );
}
