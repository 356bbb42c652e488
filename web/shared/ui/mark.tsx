// The product's name and mark: a viewfinder round a tally lamp.
import { t } from "../texts/texts";

export function Mark() {
  return (
    <a class="mark" href="/" aria-label={`${t.product}: ${t.nav.home}`}>
      <svg width="28" height="28" viewBox="0 0 28 28" aria-hidden="true">
        <path d="M2 9V2h7M19 2h7v7M26 19v7h-7M9 26H2v-7" fill="none" stroke="currentColor" stroke-width="2.6" />
        <circle class="dot" cx="14" cy="14" r="6" />
      </svg>
      <span class="word">LiveStream</span> <small>Pro</small>
    </a>
  );
}
