// SPDX-License-Identifier: Apache-2.0
/** Which piece of history a view needs: a bucket a pixel column, or single samples. */
import type { Segment } from './segments';

const WIDTHS = [
  100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000,
  900_000, 1_800_000, 3_600_000, 7_200_000, 14_400_000, 21_600_000, 43_200_000, 86_400_000,
];
/** Up to here single samples are read. */
export const RAW_SPAN_MS = 15 * 60_000;
const MARGIN = 0.5;

export interface Plan {
  from: number;
  to: number;
  width: number;
  buckets: number;
}

/** Bucket width for a view: none wider than a pixel column, on round numbers, so that it rests. */
export function widthFor(spanMs: number, px: number): number {
  if (spanMs <= RAW_SPAN_MS) return 0;
  const column = spanMs / Math.max(1, px);
  let w = WIDTHS[0]!;
  for (const c of WIDTHS) if (c <= column) w = c;
  return w;
}

export function plan(from: number, to: number, px: number, now: number): Plan {
  const span = to - from;
  const width = widthFor(span, px);
  const step = width || 1000;
  const lo = Math.floor((from - span * MARGIN) / step) * step;
  const end = Math.min(to + span * MARGIN, Math.max(now, from + step));
  const n = Math.max(1, Math.ceil((end - lo) / step));
  return { from: lo, to: lo + n * step, width, buckets: width ? n : 0 };
}

/** Is the view drawn as finely as it can be from what is there? */
export function satisfied(
  segs: readonly Segment[],
  from: number,
  to: number,
  width: number,
): boolean {
  return segs.some((s) => s.width <= width && s.from <= from && s.to >= to);
}
