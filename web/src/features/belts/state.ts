// SPDX-License-Identifier: Apache-2.0
/** Assets, sequences and runs as the program tells them, and what a belt is by its points. */
import { signal } from '@preact/signals';
import { api } from '../../api/client';
import type { PointInfo } from '../../api/model';
import { gradeOf, type Reading } from '../../api/points';
import type { Text } from '../../app/i18n';

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

// --- the line

export interface Cell {
  asset: Asset;
  /** Column from 1, the faces first; rows from 1, `rows` of them. */
  column: number;
  row: number;
  rows: number;
}

/** The tree of what gives to what, the end of the way in the last column. Rows are its leaves. */
export function layout(assets: readonly Asset[]): Cell[] {
  const from = new Map<string, Asset[]>();
  for (const a of assets) if (a.to) from.set(a.to, [...(from.get(a.to) ?? []), a]);
  const ids = new Set(assets.map((a) => a.id));
  const out: (Cell & { depth: number })[] = [];
  let next = 1;
  const place = (asset: Asset, depth: number): void => {
    const row = next;
    for (const a of from.get(asset.id) ?? []) place(a, depth + 1);
    if (next === row) next += 1;
    out.push({ asset, column: 0, row, rows: next - row, depth });
  };
  for (const a of assets) if (!a.to || !ids.has(a.to)) place(a, 0);
  const deepest = Math.max(0, ...out.map((c) => c.depth));
  return out.map(({ depth, ...c }) => ({ ...c, column: deepest - depth + 1 }));
}

// --- one belt

export type BeltState = 'running' | 'stopped' | 'starting' | 'tripped' | 'unknown';

export interface Belt {
  asset: Asset;
  drive?: PointInfo;
  run?: PointInfo;
  speed?: PointInfo;
  coal?: PointInfo;
  remote?: PointInfo;
  maintenance?: PointInfo;
  horn?: PointInfo;
  protections: PointInfo[];
}

const PROTECTION =
  /^(belt\.(slip|pile|off-track|tear|speed-fault|temp-trip|estop|pull-cord)|smoke\.state)$/;
const PARTS = {
  'belt.drive': 'drive',
  'belt.run': 'run',
  'belt.speed': 'speed',
  'belt.coal': 'coal',
  'belt.remote': 'remote',
  'belt.maintenance': 'maintenance',
  'belt.horn': 'horn',
} as const;

export function beltOf(asset: Asset, points: ReadonlyMap<string, PointInfo>): Belt {
  const belt: Belt = { asset, protections: [] };
  for (const id of asset.points) {
    const p = points.get(id);
    if (!p) continue;
    const part = PARTS[p.role as keyof typeof PARTS];
    if (part) belt[part] = p;
    else if (PROTECTION.test(p.role)) belt.protections.push(p);
  }
  return belt;
}

type Read = (p: PointInfo) => Reading;

/** true, false, or null where it is not known. */
export function bit(p: PointInfo | undefined, read: Read): boolean | null {
  if (!p) return null;
  const r = read(p);
  return r.v === null || gradeOf(r.q) === 'bad' ? null : r.v !== 0;
}

export const tripsOf = (b: Belt, read: Read): PointInfo[] =>
  b.protections.filter((p) => bit(p, read) === true);

/** Not known is neither running nor stopped. */
export function stateOf(b: Belt, read: Read): BeltState {
  if (tripsOf(b, read).length > 0) return 'tripped';
  const run = bit(b.run, read);
  if (run === null) return 'unknown';
  if (run) return 'running';
  return bit(b.drive, read) ? 'starting' : 'stopped';
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

/** Of the interlock, what the sequence itself brings about: its horn, and the belt before. */
export const BROUGHT = new Set(['belt.flow', 'belt.warned']);
