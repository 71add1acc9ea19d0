// SPDX-License-Identifier: Apache-2.0
/** What the tiles count: of points without a good value nothing is said but that they are silent. */
export interface Seen {
  v: number | null;
  bad: boolean;
}

export interface Tally {
  on: number;
  off: number;
  silent: number;
}

export function tally(seen: readonly Seen[]): Tally {
  const n: Tally = { on: 0, off: 0, silent: 0 };
  for (const s of seen) {
    if (s.v === null || s.bad) n.silent += 1;
    else if (s.v > 0) n.on += 1;
    else n.off += 1;
  }
  return n;
}

/** A sum of what is known; null when nothing is. */
export function sum(seen: readonly Seen[]): { value: number | null; silent: number } {
  const good = seen.filter((s) => s.v !== null && !s.bad);
  return {
    value: good.length ? good.reduce((a, s) => a + (s.v ?? 0), 0) : null,
    silent: seen.length - good.length,
  };
}

const HOUR = 3_600_000;

/** The site's day, and its month, that hold a moment: their first instants. */
export function spans(now: number, offsetS: number): { day: number; month: number } {
  const local = new Date(now + offsetS * 1000);
  const day = Date.UTC(local.getUTCFullYear(), local.getUTCMonth(), local.getUTCDate());
  const month = Date.UTC(local.getUTCFullYear(), local.getUTCMonth(), 1);
  return { day: day - offsetS * 1000, month: month - offsetS * 1000 };
}

export const DAY = 24 * HOUR;
