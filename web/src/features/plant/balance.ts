// SPDX-License-Identifier: Apache-2.0
/** Water in = water out + water stored + what does not add up, over one span of time. */

export interface Balance {
  hours: number;
  inM3: number;
  outM3: number;
  storedM3: number;
}
interface Series {
  t: readonly number[];
  v: readonly (number | null)[];
}

/** Flow in m³/h times its time; a span without a value carries nothing. */
function sum(s: Series, from: number, to: number): number {
  let total = 0;
  for (let i = 0; i < s.t.length; i++) {
    const v = s.v[i];
    if (v == null) continue;
    const begin = Math.max(from, s.t[i] ?? from);
    const end = Math.min(to, s.t[i + 1] ?? to);
    total += (v * Math.max(0, end - begin)) / 3_600_000;
  }
  return total;
}

/** @param series inflow m³/h, outflow m³/h, volume m³. null: one of them has no two values. */
export function balanceOf(series: readonly Series[]): Balance | null {
  const [inflow, outflow, volume] = series;
  if (!inflow || !outflow || !volume) return null;
  const known = volume.t.flatMap((t, i) => {
    const v = volume.v[i];
    return v == null ? [] : [{ t, v }];
  });
  const first = known[0];
  const last = known[known.length - 1];
  if (!first || !last || last.t <= first.t) return null;
  return {
    hours: (last.t - first.t) / 3_600_000,
    inM3: sum(inflow, first.t, last.t),
    outM3: sum(outflow, first.t, last.t),
    storedM3: last.v - first.v,
  };
}
