// Times and sizes as people read them. Pure, apart from `now`, which ticks for whoever shows it.
import { signal } from "@preact/signals";

/** Seconds as a timecode: `04:09`, `1:04:09`. */
export function timecode(seconds: number): string {
  const whole = Math.max(0, Math.floor(Number.isFinite(seconds) ? seconds : 0));
  const two = (n: number) => String(n).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const rest = `${two(Math.floor((whole % 3600) / 60))}:${two(whole % 60)}`;
  return hours > 0 ? `${hours}:${rest}` : rest;
}

/** Seconds as `PT…`, for `<time datetime>`. */
export function isoDuration(seconds: number): string {
  return `PT${Math.max(0, Math.round(seconds * 10) / 10)}S`;
}

const STEPS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_536_000], ["month", 2_592_000], ["week", 604_800], ["day", 86_400], ["hour", 3_600], ["minute", 60],
];

/** How long ago, in words: `3 minutes ago`, `yesterday`. */
export function ago(then: Date, now: Date, locale = "en"): string {
  const words = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  const seconds = (then.getTime() - now.getTime()) / 1000;
  const step = STEPS.find(([, size]) => Math.abs(seconds) >= size);
  return step ? words.format(Math.round(seconds / step[1]), step[0]) : words.format(0, "second");
}

/** Hour and minute, on the 24-hour clock: it fits a narrow column in every language. */
export function clock(at: Date, locale?: string): string {
  return at.toLocaleTimeString(locale, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}

/** Bytes as `12.4 MB`. */
export function size(bytes: number, locale = "en"): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];
  const step = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const format: Intl.NumberFormatOptions = {
    style: "unit", unit: units[step] ?? "byte", maximumFractionDigits: step > 1 ? 1 : 0,
  };
  return new Intl.NumberFormat(locale, format).format(bytes / 1000 ** step);
}

/** The time, once a second, in ms; it ticks from the first look on. */
export const now = signal(Date.now());
let ticking = false;

export function tick(): number {
  if (!ticking) {
    ticking = true;
    setInterval(() => {
      now.value = Date.now();
    }, 1000);
  }
  return now.value;
}
