// SPDX-License-Identifier: Apache-2.0
/**
 * What is known of a point's history: pieces of different fineness, kept so that zooming draws at
 * once from what is there and is refined when the server has answered.
 *
 * Invariants
 *  1. A piece covers [from, to) wholly: a hole inside is a gap of the data.
 *  2. Drawing takes for each moment the finest piece that covers it.
 *  3. min and max of a piece are exact: no spike is lost between finenesses.
 */
import type { HistorySeries } from '../../api/model';
import { gradeOf } from '../../api/points';

export interface Segment {
  from: number;
  to: number;
  /** Width of a bucket in ms; 0: single samples. */
  width: number;
  t: Float64Array;
  min: Float64Array;
  max: Float64Array;
  mean: Float64Array;
  last: Float64Array;
  /** Samples in each bucket. */
  count: Float64Array;
  /** 0 good, 1 uncertain, 2 bad. */
  grade: Uint8Array;
  quality: readonly string[];
  /** Steps between entries above this are gaps. */
  gap: number;
}

const GRADES = { good: 0, uncertain: 1, bad: 2 } as const;
const LEAST_GAP_MS = 15_000;

const column = (a: readonly (number | null)[] | undefined, n: number) =>
  Float64Array.from({ length: n }, (_, i) => a?.[i] ?? Number.NaN);

/** Four times what nine in ten steps stay under: thinned points have long steps, others short. */
export function gapLimit(
  t: ArrayLike<number>,
  known: (i: number) => boolean,
  width: number,
): number {
  const steps: number[] = [];
  let before = Number.NaN;
  for (let i = 0; i < t.length; i++) {
    if (!known(i)) continue;
    if (!Number.isNaN(before)) steps.push(t[i]! - before);
    before = t[i]!;
  }
  steps.sort((a, b) => a - b);
  const p90 = steps[Math.floor(steps.length * 0.9)] ?? 0;
  return Math.max(4 * p90, 2.5 * width, LEAST_GAP_MS);
}

export function segmentOf(s: HistorySeries, from: number, to: number, width: number): Segment {
  const n = s.t.length;
  const raw = s.v !== undefined;
  const quality = (raw ? s.q : s.quality) ?? [];
  const grade = Uint8Array.from({ length: n }, (_, i) => GRADES[gradeOf(quality[i] ?? 'normal')]);
  const t = Float64Array.from(s.t);
  let seg: Segment;
  if (raw) {
    const v = column(s.v, n);
    for (let i = 0; i < n; i++) if (grade[i] === 2) v[i] = Number.NaN;
    const count = new Float64Array(n).fill(1);
    seg = {
      from,
      to,
      width: 0,
      t,
      min: v,
      max: v,
      mean: v,
      last: v,
      count,
      grade,
      quality,
      gap: 0,
    };
  } else {
    const last = column(s.last ?? s.mean, n);
    seg = {
      from,
      to,
      width,
      t,
      min: column(s.min, n),
      max: column(s.max, n),
      mean: column(s.mean, n),
      last,
      count: Float64Array.from({ length: n }, (_, i) => s.count?.[i] ?? 0),
      grade,
      quality,
      gap: 0,
    };
  }
  seg.gap = gapLimit(seg.t, (i) => !Number.isNaN(seg.last[i]!), seg.width);
  return seg;
}

/** First index with t >= at. */
export function lowerBound(t: ArrayLike<number>, at: number): number {
  let lo = 0;
  let hi = t.length;
  while (lo < hi) {
    const mid = (lo + hi) >> 1;
    if (t[mid]! < at) lo = mid + 1;
    else hi = mid;
  }
  return lo;
}

export interface Part {
  seg: Segment;
  from: number;
  to: number;
}

/** The finest pieces that together cover as much of [from, to) as is known, in order of time. */
export function cover(segs: readonly Segment[], from: number, to: number): Part[] {
  let open: [number, number][] = [[from, to]];
  const out: Part[] = [];
  for (const seg of [...segs].sort((a, b) => a.width - b.width || b.to - a.to)) {
    const rest: [number, number][] = [];
    for (const [a, b] of open) {
      const lo = Math.max(a, seg.from);
      const hi = Math.min(b, seg.to);
      if (lo >= hi) {
        rest.push([a, b]);
        continue;
      }
      out.push({ seg, from: lo, to: hi });
      if (a < lo) rest.push([a, lo]);
      if (hi < b) rest.push([hi, b]);
    }
    open = rest;
  }
  return out.sort((a, b) => a.from - b.from);
}

/** One thing to draw: a moment, or a pixel column of many samples. */
export interface Dot {
  t: number;
  lo: number;
  hi: number;
  mean: number;
  last: number;
  grade: number;
  /** No line from the one before. */
  broken: boolean;
  /** Half the width of the bucket in ms. */
  half: number;
  manual: boolean;
}

/**
 * The dots of a view: entries that fall into the same column of `columnMs` are one, with the least,
 * the greatest and the mean weighted by samples.
 */
export function dots(parts: readonly Part[], columnMs: number): Dot[] {
  const out: Dot[] = [];
  let prevT = Number.NEGATIVE_INFINITY;
  let weight = 0;
  let column = Number.NaN;
  for (const { seg, from, to } of parts) {
    const half = seg.width / 2;
    // one entry before and behind, so that lines reach the edge
    const i0 = Math.max(0, lowerBound(seg.t, from - half) - 1);
    const i1 = Math.min(seg.t.length, lowerBound(seg.t, to) + 1);
    for (let i = i0; i < i1; i++) {
      const v = seg.mean[i]!;
      const t = seg.t[i]! + half;
      if (Number.isNaN(v) || t <= prevT) continue;
      const broken = t - prevT > Math.max(seg.gap, columnMs * 2.5);
      prevT = t;
      const here = Math.floor(t / columnMs);
      const d = out[out.length - 1];
      const n = seg.count[i] || 1;
      if (d && here === column && !broken) {
        d.lo = Math.min(d.lo, seg.min[i]!);
        d.hi = Math.max(d.hi, seg.max[i]!);
        d.mean = (d.mean * weight + v * n) / (weight + n);
        d.last = seg.last[i]!;
        d.grade = Math.max(d.grade, seg.grade[i]!);
        weight += n;
        continue;
      }
      column = here;
      weight = n;
      out.push({
        t,
        lo: seg.min[i]!,
        hi: seg.max[i]!,
        mean: v,
        last: seg.last[i]!,
        grade: seg.grade[i]!,
        broken,
        half,
        manual: seg.quality[i] === 'manual',
      });
    }
  }
  return out;
}

export interface Run {
  from: number;
  to: number;
  /** 0 or 1; 2: both within one column. */
  state: 0 | 1 | 2;
}

const SWITCH_GAP_MS = 660_000;

/** Bars of a switch: a state holds until the next entry; a column that saw both is its own bar. */
export function runs(parts: readonly Part[], until: number): Run[] {
  const out: Run[] = [];
  const push = (from: number, to: number, state: Run['state']) => {
    const d = out[out.length - 1];
    if (d && d.state === state && from <= d.to) d.to = Math.max(d.to, to);
    else if (to > from) out.push({ from: d && from < d.to ? d.to : from, to, state });
  };
  let held: { at: number; state: 0 | 1; gap: number } | null = null;
  for (const { seg, from, to } of parts) {
    const i0 = Math.max(0, lowerBound(seg.t, from - seg.width) - 1);
    const i1 = lowerBound(seg.t, to);
    for (let i = i0; i < i1; i++) {
      const last = seg.last[i]!;
      if (Number.isNaN(last)) continue;
      const t = seg.t[i]!;
      if (held && t >= held.at) {
        const end = t - held.at > Math.max(held.gap, SWITCH_GAP_MS) ? held.at + held.gap : t;
        push(held.at, end, held.state);
      }
      if (seg.min[i]! < 0.5 && seg.max[i]! >= 0.5) push(t, t + seg.width, 2);
      else push(t, t + seg.width, last >= 0.5 ? 1 : 0);
      held = { at: t + seg.width, state: last >= 0.5 ? 1 : 0, gap: seg.gap };
    }
  }
  if (held && until > held.at) push(held.at, until, held.state);
  return out;
}

/** What a point said at a moment: the entry before it that is not a gap away. */
export function entryAt(
  segs: readonly Segment[],
  at: number,
): { v: number; lo: number; hi: number; t: number; width: number; quality: string } | null {
  for (const { seg } of cover(segs, at, at + 1)) {
    let i = lowerBound(seg.t, at + 1) - 1;
    while (i >= 0 && Number.isNaN(seg.last[i]!)) i--;
    if (i < 0 || at - seg.t[i]! - seg.width > Math.max(seg.gap, LEAST_GAP_MS)) return null;
    return {
      v: seg.width ? seg.mean[i]! : seg.last[i]!,
      lo: seg.min[i]!,
      hi: seg.max[i]!,
      t: seg.t[i]!,
      width: seg.width,
      quality: seg.quality[i] ?? 'normal',
    };
  }
  return null;
}

export interface Stats {
  n: number;
  min: number;
  max: number;
  mean: number;
}

export function stats(segs: readonly Segment[], from: number, to: number): Stats {
  const s = { n: 0, min: Infinity, max: -Infinity, sum: 0 };
  for (const p of cover(segs, from, to)) {
    const { seg } = p;
    for (
      let i = lowerBound(seg.t, p.from - seg.width / 2);
      i < seg.t.length && seg.t[i]! < p.to;
      i++
    ) {
      if (Number.isNaN(seg.mean[i]!)) continue;
      const n = seg.count[i] || 1;
      s.n += n;
      s.sum += seg.mean[i]! * n;
      s.min = Math.min(s.min, seg.min[i]!);
      s.max = Math.max(s.max, seg.max[i]!);
    }
  }
  return { n: s.n, min: s.min, max: s.max, mean: s.sum / s.n };
}

const KEEP = 12;

/** Adds a piece; coarser ones inside it go, then the oldest. */
export function keep(segs: readonly Segment[], s: Segment): Segment[] {
  const rest = segs.filter((o) => !(o.from >= s.from && o.to <= s.to && o.width >= s.width));
  return [...rest, s].slice(-KEEP);
}
