// SPDX-License-Identifier: Apache-2.0
/** The line as a tree, and what a belt is by its points. */
import type { PointInfo } from '../../api/model';
import { type Asset, bit, type Read } from '../../sequences/book';

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

export const tripsOf = (b: Belt, read: Read): PointInfo[] =>
  b.protections.filter((p) => bit(p, read) === true);

/** Protections that would not be seen to act: broken, silent, or never heard. Told, not stopped on. */
export const blindOf = (b: Belt, read: Read): PointInfo[] =>
  b.protections.filter((p) => bit(p, read) === null);

/** Not known is neither running nor stopped. */
export function stateOf(b: Belt, read: Read): BeltState {
  if (tripsOf(b, read).length > 0) return 'tripped';
  const run = bit(b.run, read);
  if (run === null) return 'unknown';
  if (run) return 'running';
  return bit(b.drive, read) ? 'starting' : 'stopped';
}
