// A stream's or archive's picture: its thumbnail, or type on the test card while there is none.
import { hueOf } from "../chat/colours";

interface PosterProps {
  readonly id: string;
  readonly name: string;
  readonly thumbnail?: string | null | undefined;
}

export function Poster({ id, name, thumbnail }: PosterProps) {
  if (thumbnail) return <img src={thumbnail} alt="" loading="lazy" decoding="async" />;
  return (
    <div class="poster" aria-hidden="true" style={{ "--shift": `${hueOf(id) / 3.6}%` }}>
      <span>{[...(name || "?")][0]?.toUpperCase()}</span>
    </div>
  );
}
