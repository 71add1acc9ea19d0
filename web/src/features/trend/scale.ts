// SPDX-License-Identifier: Apache-2.0
/** Ticks of the time axis and of value axes. Times in ms; `offset` is the site's from UTC. */
const S = 1000;
const M = 60 * S;
const H = 60 * M;
const D = 24 * H;
const STEPS = [
  1,
  2,
  5,
  10,
  20,
  50,
  100,
  200,
  500,
  S,
  2 * S,
  5 * S,
  10 * S,
  15 * S,
  30 * S,
  M,
  2 * M,
  5 * M,
  10 * M,
  15 * M,
  30 * M,
  H,
  2 * H,
  3 * H,
  6 * H,
  12 * H,
  D,
  2 * D,
  7 * D,
  14 * D,
];
const MONTHS = [1, 2, 3, 6, 12, 24, 60];
const two = (n: number) => (n < 10 ? `0${n}` : `${n}`);

export interface Tick {
  at: number;
  text: string;
  /** Second line, where the day begins or at the first tick. */
  day?: string;
}

function label(at: number, step: number, offset: number): string {
  const d = new Date(at + offset);
  const time = `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}`;
  if (step < S) {
    return `${two(d.getUTCSeconds())}.${String(d.getUTCMilliseconds()).padStart(3, '0')}`;
  }
  if (step < M) return `${time}:${two(d.getUTCSeconds())}`;
  if (step < D) return time;
  return `${two(d.getUTCMonth() + 1)}-${two(d.getUTCDate())}`;
}

function dayOf(at: number, step: number, offset: number): string {
  const d = new Date(at + offset);
  const date = `${d.getUTCFullYear()}-${two(d.getUTCMonth() + 1)}-${two(d.getUTCDate())}`;
  if (step >= D) return String(d.getUTCFullYear());
  return step < S ? `${date} ${two(d.getUTCHours())}:${two(d.getUTCMinutes())}` : date;
}

function months(from: number, to: number, step: number, offset: number): Tick[] {
  const d = new Date(from + offset);
  let month = Math.ceil((d.getUTCFullYear() * 12 + d.getUTCMonth()) / step) * step;
  const out: Tick[] = [];
  for (; ; month += step) {
    const at = Date.UTC(Math.floor(month / 12), month % 12, 1) - offset;
    if (at > to) return out;
    if (at >= from) out.push({ at, text: `${Math.floor(month / 12)}-${two((month % 12) + 1)}` });
  }
}

/** At most one tick in `gap` pixels of `px`. */
export function timeTicks(from: number, to: number, px: number, offset: number, gap = 84): Tick[] {
  const least = ((to - from) / Math.max(1, px)) * gap;
  const step = STEPS.find((s) => s >= least);
  if (!step) {
    const n = MONTHS.find((m) => m * 30 * D >= least) ?? 120;
    return months(from, to, n, offset);
  }
  const out: Tick[] = [];
  let day = '';
  for (let at = Math.ceil((from + offset) / step) * step - offset; at <= to; at += step) {
    const today = dayOf(at, step, offset);
    out.push({ at, text: label(at, step, offset), ...(today === day ? {} : { day: today }) });
    day = today;
  }
  return out;
}

export function niceStep(range: number, n: number): number {
  const raw = range / Math.max(1, n);
  const p = 10 ** Math.floor(Math.log10(raw));
  const f = raw / p;
  return (f <= 1 ? 1 : f <= 2 ? 2 : f <= 5 ? 5 : 10) * p;
}

export function valueTicks(lo: number, hi: number, px: number, gap = 34): number[] {
  if (!(hi > lo)) return [];
  const step = niceStep(hi - lo, px / gap);
  const out: number[] = [];
  for (let k = Math.ceil(lo / step - 1e-9); k * step <= hi + step * 1e-9; k++)
    out.push(k * step || 0);
  return out;
}

export function decimalsOfStep(ticks: readonly number[]): number {
  const step = ticks.length > 1 ? ticks[1]! - ticks[0]! : 1;
  return Math.max(0, Math.min(6, Math.ceil(-Math.log10(step) - 1e-9)));
}

/**
 * The range of a panel: the data with room around it, and as many of the limits as leave the data
 * at least a fifth of the height. With `flat` data the range is one unit high.
 */
export function valueRange(lo: number, hi: number, limits: readonly number[]): [number, number] {
  if (!Number.isFinite(lo) || !Number.isFinite(hi)) {
    const known = limits.filter(Number.isFinite);
    [lo, hi] = known.length ? [Math.min(0, ...known), Math.max(...known)] : [0, 1];
  }
  const data = Math.max(hi - lo, Math.abs(hi) * 0.3, 1e-6);
  for (const l of [...limits].sort((a, b) => Math.abs(a - hi) - Math.abs(b - hi))) {
    const next: [number, number] = [Math.min(lo, l), Math.max(hi, l)];
    if (next[1] - next[0] <= data * 5) [lo, hi] = next;
  }
  const pad = Math.max((hi - lo) * 0.08, Math.abs(hi) * 0.02, 1e-6);
  return [lo - pad, hi + pad];
}
