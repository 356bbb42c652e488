// What the sender's connection is doing, out of two looks at its statistics.

export interface Health {
  readonly bitsPerSecond: number;
  readonly framesPerSecond: number;
  readonly width: number;
  readonly height: number;
  /** There and back, in ms; null until the first report. */
  readonly roundTripMs: number | null;
}

/** The totals of one look. */
export interface Look {
  readonly at: number;
  readonly bytes: number;
  readonly frames: number;
  readonly width: number;
  readonly height: number;
  readonly roundTripMs: number | null;
}

interface Entry {
  readonly type: string;
  readonly kind?: string;
  readonly timestamp: number;
  readonly bytesSent?: number;
  readonly framesSent?: number;
  readonly frameWidth?: number;
  readonly frameHeight?: number;
  readonly currentRoundTripTime?: number;
  readonly nominated?: boolean;
}

export function look(report: Iterable<[string, unknown]>): Look {
  let found: Look = { at: 0, bytes: 0, frames: 0, width: 0, height: 0, roundTripMs: null };
  for (const [, value] of report) {
    const entry = value as Entry;
    if (entry.type === "outbound-rtp") {
      found = { ...found, at: entry.timestamp, bytes: found.bytes + (entry.bytesSent ?? 0) };
      if (entry.kind === "video") {
        const { framesSent = 0, frameWidth = 0, frameHeight = 0 } = entry;
        found = { ...found, frames: framesSent, width: frameWidth, height: frameHeight };
      }
    }
    if (entry.type === "candidate-pair" && entry.nominated && entry.currentRoundTripTime !== undefined) {
      found = { ...found, roundTripMs: Math.round(entry.currentRoundTripTime * 1000) };
    }
  }
  return found;
}

/** Null where the two looks do not belong to one connection. */
export function between(before: Look, after: Look): Health | null {
  const seconds = (after.at - before.at) / 1000;
  if (seconds <= 0 || after.bytes < before.bytes) return null;
  return {
    bitsPerSecond: ((after.bytes - before.bytes) * 8) / seconds,
    framesPerSecond: Math.max(0, Math.round((after.frames - before.frames) / seconds)),
    width: after.width,
    height: after.height,
    roundTripMs: after.roundTripMs,
  };
}
