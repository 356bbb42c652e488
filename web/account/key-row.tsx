// One stream key in the list: what it is, and what can be done with it.
import type { StreamKey } from "../shared/shapes";
import { t } from "../shared/texts/texts";
import { ago, tick } from "../shared/time";

interface KeyRowProps {
  readonly streamKey: StreamKey;
  readonly isBusy: boolean;
  ask(deed: "rotate" | "revoke"): void;
}

export function KeyRow({ streamKey, isBusy, ask }: KeyRowProps) {
  const k = t.keys;
  const { label, prefix, created_at, last_used_at } = streamKey;
  const when = (at: string) => ago(new Date(at), new Date(tick()), t.locale);
  const words = [k.made(when(created_at)), last_used_at ? k.used(when(last_used_at)) : k.unused];
  return (
    <li>
      <div>
        <strong>{label}</strong> <span class="tag figure">{prefix}…</span>
        <p class="muted small">{words.join(", ")}</p>
      </div>
      <div class="row">
        <button type="button" class="key" disabled={isBusy} aria-label={`${k.rotate}: ${label}`} onClick={() => ask("rotate")}>
          {k.rotate}
        </button>
        <button type="button" class="key" disabled={isBusy} aria-label={`${k.revoke}: ${label}`} onClick={() => ask("revoke")}>
          {k.revoke}
        </button>
      </div>
    </li>
  );
}
