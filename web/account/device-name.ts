// A browser's name out of its User-Agent, as far as people care. Pure.

const BROWSERS: readonly [RegExp, string][] = [
  [/\bEdg(e|A|iOS)?\//, "Edge"], [/\bOPR\//, "Opera"], [/\b(Firefox|FxiOS)\//, "Firefox"],
  [/\b(HeadlessChrome|Chromium)\//, "Chromium"], [/\b(Chrome|CriOS)\//, "Chrome"], [/\bSafari\//, "Safari"],
];

const SYSTEMS: readonly [RegExp, string][] = [
  [/\b(iPhone|iPad)\b/, "iOS"], [/\bAndroid\b/, "Android"], [/\bWindows\b/, "Windows"],
  [/\bCrOS\b/, "ChromeOS"], [/\bMac OS X\b/, "macOS"], [/\bLinux\b/, "Linux"],
];

/** `Firefox · Windows`; null where neither is recognised. */
export function deviceName(userAgent: string | null | undefined): string | null {
  const find = (names: readonly [RegExp, string][]) => names.find(([mark]) => mark.test(userAgent ?? ""))?.[1];
  const known = [find(BROWSERS), find(SYSTEMS)].filter((name) => name !== undefined);
  return known.length > 0 ? known.join(" · ") : null;
}
