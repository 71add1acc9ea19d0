// SPDX-License-Identifier: Apache-2.0
/** The walk of a patrol as it is sent: where and when, and where somebody said to have been. */
import type { Field, Register } from '../api/room';
import { isWalk } from '../registers/value';
import type { Kept } from './acts';
import * as db from './db';
import type { Fix } from './Patrol';
import { sha256 } from './photo';

const MOST_POINTS = 5000;
const MOST_CHECKS = 500;
const MOST_NOTE = 150;

export interface Walk {
  /** Time, x and y in the site's coordinates, accuracy in m. */
  points: [number, number, number, number][];
  checks: {
    time: number;
    place?: string;
    x?: number;
    y?: number;
    accuracy?: number;
    note?: string;
  }[];
}

/** The field that takes walks; none: the patrol is written as a line, or as a file. */
export const walkField = (r: Register): Field | undefined =>
  r.fields.find((f) => isWalk(f) && !f.ended && f.may_write !== false);

/** At most `most` of them, the last one among them. */
function thinned<V>(list: readonly V[], most: number): V[] {
  if (list.length <= most) return [...list];
  const step = (list.length - 1) / (most - 1);
  return Array.from({ length: most }, (_, i) => list[Math.round(i * step)]!);
}

/** A check-in that has neither place nor position says nothing of where: it stays in the notes. */
export function walkOf(list: readonly Fix[]): Walk {
  const placed = list.filter((f) => f.x !== undefined && f.y !== undefined && f.accuracy > 0);
  return {
    points: thinned(placed, MOST_POINTS).map((f) => [f.t, f.x!, f.y!, Math.round(f.accuracy)]),
    checks: list
      .filter((f) => f.note !== undefined && (f.place || (f.x !== undefined && f.accuracy > 0)))
      .slice(-MOST_CHECKS)
      .map((f) => ({
        time: f.t,
        ...(f.place ? { place: f.place } : {}),
        ...(f.x !== undefined && f.accuracy > 0
          ? { x: f.x, y: f.y!, accuracy: Math.round(f.accuracy) }
          : {}),
        ...(f.note ? { note: f.note.slice(0, MOST_NOTE) } : {}),
      })),
  };
}

/** Keeps the walk beside the photos until it is sent; null when there is nothing in it. */
export async function keepWalk(list: readonly Fix[]): Promise<Kept | null> {
  const walk = walkOf(list);
  if (walk.points.length + walk.checks.length === 0) return null;
  const blob = new Blob([JSON.stringify(walk)], { type: 'application/json' });
  const kept = {
    hash: await sha256(blob),
    blob,
    name: `${new Date(list[0]!.t).toISOString().slice(0, 10)}.track`,
    meta: {},
    sent: '',
    kind: 'walk' as const,
  };
  await db.put('photos', kept);
  return { ...kept, size: blob.size, type: blob.type };
}
