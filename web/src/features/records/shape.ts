// SPDX-License-Identifier: Apache-2.0
/** A geometry as lines of "x y" in the site's coordinates, and back. */
import { t } from './texts';

export type Kind = 'Point' | 'LineString' | 'Polygon';
export interface Shape {
  type: Kind;
  coordinates: number[] | number[][] | number[][][];
}

const LEAST: Record<Kind, number> = { Point: 1, LineString: 2, Polygon: 3 };

function positions(g: Shape): number[][] {
  if (g.type === 'Point') return [g.coordinates as number[]];
  if (g.type === 'LineString') return g.coordinates as number[][];
  return ((g.coordinates as number[][][])[0] ?? []).slice(0, -1);
}

export function textOf(g: Shape | null): string {
  if (!g) return '';
  return positions(g)
    .map((p) => `${p[0]} ${p[1]}`)
    .join('\n');
}

export function shapeOf(kind: Kind, text: string): [shape: Shape | null, error: string] {
  const lines = text
    .split('\n')
    .map((l) => l.trim())
    .filter(Boolean);
  if (lines.length === 0) return [null, ''];
  const list = lines.map((l) => l.split(/[\s,，;]+/).map(Number));
  const bad = list.findIndex((p) => p.length !== 2 || !p.every(Number.isFinite));
  if (bad >= 0) return [null, t('draw.bad', { n: bad + 1 })];
  if (list.length < LEAST[kind]) return [null, t('draw.few', { n: LEAST[kind] })];
  if (kind === 'Point') return [{ type: kind, coordinates: list[0]! }, ''];
  if (kind === 'LineString') return [{ type: kind, coordinates: list }, ''];
  return [{ type: kind, coordinates: [[...list, list[0]!]] }, ''];
}
