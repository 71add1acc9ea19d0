// SPDX-License-Identifier: Apache-2.0
/** How a loop answered the last change of its set-point. */

interface Series {
  t: readonly number[];
  v: readonly (number | null)[];
}
export interface Tuning {
  at: number;
  from: number;
  to: number;
  /** Beyond the new set-point, part of the step; 0: none. */
  overshoot: number;
  /** Seconds from a tenth to nine tenths of the step; null: not yet. */
  riseS: number | null;
  /** Seconds until it stays within BAND of the step; null: not yet. */
  settledS: number | null;
}

const BAND = 0.05;
const LEAST = 1e-6;

/** null: the set-point was not changed in this time. */
export function tuningOf(set: Series, value: Series): Tuning | null {
  let at = -1;
  let from = 0;
  let to = 0;
  let before: number | null = null;
  let moving = false;
  set.t.forEach((t, i) => {
    const v = set.v[i];
    if (v == null) return;
    const moved = before !== null && Math.abs(v - before) > LEAST;
    // a mean over the change lies between: both halves are one change
    const same = moving && (v - to) * (to - from) > 0;
    if (moved && before !== null) {
      if (!same) {
        at = t;
        from = before;
      }
      to = v;
    }
    moving = moved;
    before = v;
  });
  if (at < 0) return null;
  const step = to - from;
  let overshoot = 0;
  let settled: number | null = null;
  let low: number | null = null;
  let high: number | null = null;
  value.t.forEach((t, i) => {
    const v = value.v[i];
    if (t < at || v == null) return;
    const part = (v - from) / step;
    if (part >= 0.1) low ??= t;
    if (part >= 0.9) high ??= t;
    overshoot = Math.max(overshoot, (v - to) / step);
    if (Math.abs(v - to) > BAND * Math.abs(step)) settled = null;
    else settled ??= t;
  });
  const riseS = low === null || high === null ? null : (high - low) / 1000;
  const settledS = settled === null ? null : (settled - at) / 1000;
  return { at, from, to, overshoot, riseS, settledS };
}
