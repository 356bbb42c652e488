// After the end: waits for the archive and leads to it.
import { useEffect, useState } from "preact/hooks";

import { waitBefore, type Pace } from "../backoff";
import { archive, stream } from "../calls";
import { t } from "../texts/texts";

type Found = { readonly state: "soon" | "failed" } | { readonly state: "ready"; readonly id: string };

const PACE: Pace = { first: 600, most: 5_000 };

/** Looks for the archive of a stream until it is watchable or known to have failed. */
export function useArchive(streamId: string, known: string | null): Found {
  const [found, setFound] = useState<Found>({ state: "soon" });
  useEffect(() => {
    let isOver = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = async (attempt: number): Promise<void> => {
      const next = await lookOnce(streamId, known).catch((): Found => ({ state: "soon" }));
      if (isOver) return;
      setFound(next);
      if (next.state === "soon") timer = setTimeout(() => void look(attempt + 1), waitBefore(attempt, PACE, Math.random));
    };
    void look(0);
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [streamId, known]);
  return found;
}

async function lookOnce(streamId: string, known: string | null): Promise<Found> {
  const id = known ?? (await stream(streamId)).archive_id;
  if (!id) return { state: "soon" };
  const { status } = await archive(id);
  if (status === "failed") return { state: "failed" };
  return status === "recording" ? { state: "soon" } : { state: "ready", id };
}

export function ArchiveSoon({ streamId, known }: { streamId: string; known: string | null }) {
  const found = useArchive(streamId, known);
  return (
    <div role="status">
      {found.state === "soon" && <p>{t.player.archiveSoon}</p>}
      {found.state === "failed" && <p>{t.studio.archiveFailed}</p>}
      {found.state === "ready" && <a class="key main" href={`/archives/${found.id}`}>{t.player.watchArchive}</a>}
    </div>
  );
}
