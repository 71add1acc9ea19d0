// SPDX-License-Identifier: Apache-2.0
/** GeoJSON geometries as paths of a small picture, north up. */
import type { Geo } from '../../api/room';

type Position = readonly number[];

export interface Fit {
  x: number;
  y: number;
  scale: number;
  height: number;
}

const MARGIN = 12;
const DOT = 4;

function isPosition(c: unknown): c is Position {
  return Array.isArray(c) && typeof c[0] === 'number';
}

/** Lines and rings of a geometry; a point is a line of one. */
export function linesOf(g: Geo): Position[][] {
  if (g.geometries) return g.geometries.flatMap(linesOf);
  const out: Position[][] = [];
  const walk = (c: unknown): void => {
    if (isPosition(c)) out.push([c]);
    else if (Array.isArray(c) && c.every(isPosition)) {
      if (g.type === 'MultiPoint') for (const p of c) out.push([p]);
      else if (c.length) out.push(c as Position[]);
    } else if (Array.isArray(c)) c.forEach(walk);
  };
  walk(g.coordinates);
  return out;
}

/** How to draw all of these within a picture; null when there is nothing. */
export function boxOf(all: readonly Geo[], width: number, height: number): Fit | null {
  const points = all.flatMap((g) => linesOf(g).flat());
  if (points.length === 0) return null;
  const xs = points.map((p) => p[0]!);
  const ys = points.map((p) => p[1]!);
  const [x0, x1, y0, y1] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const scale = Math.min(
    (width - 2 * MARGIN) / Math.max(x1 - x0, 1),
    (height - 2 * MARGIN) / Math.max(y1 - y0, 1),
  );
  return {
    x: (x0 + x1) / 2 - width / 2 / scale,
    y: (y0 + y1) / 2 - height / 2 / scale,
    scale,
    height,
  };
}

export function pathOf(g: Geo, fit: Fit): string {
  const at = (p: Position) => [
    ((p[0]! - fit.x) * fit.scale).toFixed(1),
    (fit.height - (p[1]! - fit.y) * fit.scale).toFixed(1),
  ];
  return linesOf(g)
    .map((line) => {
      const text = line.map((p) => at(p).join(' '));
      if (line.length === 1) {
        return `M${text[0]}m-${DOT} 0a${DOT} ${DOT} 0 1 0 ${2 * DOT} 0a${DOT} ${DOT} 0 1 0 -${2 * DOT} 0`;
      }
      return `M${text.join('L')}`;
    })
    .join('');
}
