// SPDX-License-Identifier: Apache-2.0
/** Columns of a chart from buckets that stand for the same times. */
import type { HistorySeries } from '../../api/model';

/** What was stored thinly holds that long, in ms; after that it is a gap. */
export const HOLDS = 60_000;

function held(t: readonly number[], v: readonly (number | null)[]): (number | null)[] {
  let last: number | null = null;
  let at = 0;
  return t.map((time, i) => {
    const x = v[i] ?? null;
    if (x !== null) {
      last = x;
      at = time;
      return x;
    }
    return last !== null && time - at <= HOLDS ? last : null;
  });
}

/** Time, a mean of each of `n`, then the least and the most of the second. */
export function columnsOf(series: readonly HistorySeries[], n: number): (number | null)[][] {
  const t = series[0]?.t ?? [];
  const mean = (s: HistorySeries | undefined) => held(t, s?.mean ?? s?.v ?? []);
  const means = Array.from({ length: 3 }, (_, i) => (i < n ? mean(series[i]) : t.map(() => null)));
  const pad = (v: readonly (number | null)[] | undefined) => t.map((_, i) => v?.[i] ?? null);
  return [[...t], ...means, pad(series[1]?.min), pad(series[1]?.max)];
}
