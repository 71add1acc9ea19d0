// SPDX-License-Identifier: Apache-2.0
/** Assets, sequences and runs as the program tells them: what every screen of machines shares. */
import { signal } from '@preact/signals';
import { api } from '../api/client';
import type { PointInfo } from '../api/model';
import { gradeOf, type Reading } from '../api/points';
import type { Text } from '../app/i18n';

export interface Asset {
  id: string;
  kind: string;
  name: Text;
  place: string;
  to: string | null;
  length_m?: number;
  speed_m_s?: number;
  points: string[];
}
export interface Param {
  id: string;
  title: Text;
  switch: boolean;
  default: number | boolean;
  min_s?: number;
  max_s?: number;
}
export interface Sequence {
  id: string;
  title: Text;
  start: boolean;
  take: 'chosen' | 'onward' | 'behind';
  subjects: string[];
  recipe: Param[];
  steps: { id: string; title: Text; for: string }[];
}
export type RunState = 'waiting' | 'running' | 'held' | 'done' | 'ended';
export type StepState = 'todo' | 'now' | 'done' | 'skip' | 'late';
export interface Run {
  run: number;
  sequence: string;
  start: boolean;
  state: RunState;
  by: string;
  second?: string | null;
  code?: string | null;
  text?: string | null;
  text_zh?: string;
  started: number;
  subjects: string[];
  steps: { step: string; subject?: string; state: StepState }[];
}
export interface Book {
  assets: Asset[];
  sequences: Sequence[];
  runs: Run[];
}

/** What was last told; null: nothing yet. */
export const book = signal<Book | null>(null);

export async function refresh(): Promise<void> {
  const got = await api.get<Book>('/sequences').catch(() => null);
  if (got) book.value = got;
}

export const isAlive = (r: Run): boolean =>
  r.state === 'waiting' || r.state === 'running' || r.state === 'held';

export type Read = (p: PointInfo) => Reading;

/** true, false, or null where it is not known. */
export function bit(p: PointInfo | undefined, read: Read): boolean | null {
  if (!p) return null;
  const r = read(p);
  return r.v === null || gradeOf(r.q) === 'bad' ? null : r.v !== 0;
}

// --- a start or stop, before it is asked for

/** The outputs that a sequence would go through for some chosen ones; none chosen: all. */
export function taken(q: Sequence, assets: readonly Asset[], chosen: readonly string[]): string[] {
  if (chosen.length === 0) return q.subjects;
  const byId = new Map(assets.map((a) => [a.id, a]));
  const assetOf = new Map(assets.flatMap((a) => a.points.map((p) => [p, a] as const)));
  const onWay = (from: Asset | undefined, to: Asset | undefined): boolean => {
    for (let a = from, n = 0; a && n <= assets.length; n++) {
      if (a === to) return true;
      a = a.to ? byId.get(a.to) : undefined;
    }
    return false;
  };
  return q.subjects.filter((s) =>
    chosen.some((c) => {
      if (c === s || q.take === 'chosen') return c === s;
      const [a, b] = [assetOf.get(c), assetOf.get(s)];
      return q.take === 'onward' ? onWay(a, b) : onWay(b, a);
    }),
  );
}

/** Of the interlock, what a sequence itself brings about in its steps before. */
export const BROUGHT = new Set([
  'belt.flow',
  'belt.warned',
  'plant.fan-still',
  'plant.fan-air',
  'plant.fan-air-backup',
]);
