// SPDX-License-Identifier: Apache-2.0
/**
 * Present values in columns, indexed by the number that streams use. Canvas layers read the columns;
 * components read signals that exist only for the points they show.
 */
import { type Signal, signal } from '@preact/signals';
import type { LiveTuple } from './model';

export interface Reading {
  v: number | null;
  q: string;
  t: number;
}

/** As src/base/sample.h: code = place in the list, grade decides what is known. */
export const QUALITY: readonly (readonly [id: string, grade: 'good' | 'uncertain' | 'bad'])[] = [
  ['normal', 'good'],
  ['calibration', 'uncertain'],
  ['over-range', 'bad'],
  ['broken', 'bad'],
  ['feed-anomaly', 'uncertain'],
  ['stale', 'bad'],
  ['manual', 'uncertain'],
  ['device-fault', 'bad'],
  ['comm-fault', 'bad'],
  ['future-time', 'uncertain'],
  ['under-range', 'bad'],
  ['never', 'bad'],
  ['paused', 'bad'],
  ['gap', 'uncertain'],
];
const CODE = new Map(QUALITY.map(([id], i) => [id, i]));
export const Q_NEVER = CODE.get('never')!;

export function gradeOf(q: string): 'good' | 'uncertain' | 'bad' {
  return QUALITY[CODE.get(q) ?? Q_NEVER]![1];
}

export function codeIsBad(code: number): boolean {
  return QUALITY[code]?.[1] === 'bad';
}

const NOTHING: Reading = { v: null, q: 'never', t: 0 };

export class PointTable {
  v = new Float64Array(0);
  q = new Uint8Array(0);
  t = new Float64Array(0);
  /** Grows with every batch; a layer that drew batch n draws again when it is not n any more. */
  readonly tick = signal(0);
  private readonly watched = new Map<number, Signal<Reading>>();

  apply(tuples: readonly LiveTuple[]): void {
    for (const [i, v, q, t] of tuples) {
      if (i >= this.v.length) this.grow(i + 1);
      this.v[i] = v === null ? Number.NaN : v;
      this.q[i] = CODE.get(q) ?? Q_NEVER;
      this.t[i] = t;
      const s = this.watched.get(i);
      if (s) s.value = { v, q, t };
    }
    this.tick.value += 1;
  }

  /** Every point that ever had a value. */
  all(): LiveTuple[] {
    const out: LiveTuple[] = [];
    for (let i = 0; i < this.v.length; i++) {
      if (this.q[i] === Q_NEVER) continue;
      const { v, q, t } = this.peek(i);
      out.push([i, v, q, t]);
    }
    return out;
  }

  clear(): void {
    this.q.fill(Q_NEVER);
    this.v.fill(Number.NaN);
    for (const s of this.watched.values()) s.value = NOTHING;
    this.tick.value += 1;
  }

  peek(i: number): Reading {
    if (i >= this.v.length || this.q[i] === Q_NEVER) return NOTHING;
    const v = this.v[i]!;
    return { v: Number.isNaN(v) ? null : v, q: QUALITY[this.q[i]!]![0], t: this.t[i]! };
  }

  /** A signal of one point; reading it in a component redraws that component only. */
  at(i: number): Signal<Reading> {
    let s = this.watched.get(i);
    if (!s) {
      s = signal(this.peek(i));
      this.watched.set(i, s);
    }
    return s;
  }

  private grow(n: number): void {
    const size = Math.max(n, this.v.length * 2, 256);
    const v = new Float64Array(size).fill(Number.NaN);
    const q = new Uint8Array(size).fill(Q_NEVER);
    const t = new Float64Array(size);
    v.set(this.v);
    q.set(this.q);
    t.set(this.t);
    this.v = v;
    this.q = q;
    this.t = t;
  }
}
