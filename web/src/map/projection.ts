// SPDX-License-Identifier: Apache-2.0
/**
 * The site's own plane grid as a projection of the map library: metres, x east, y north, nothing
 * is transformed for display. People read X as north and Y as east, as on mine drawings.
 */
import Projection from 'ol/proj/Projection';

export type Extent = [number, number, number, number];

export function siteProjection(epsg: number | undefined, extent: Extent): Projection {
  return new Projection({
    code: epsg ? `EPSG:${epsg}` : 'SITE',
    units: 'm',
    metersPerUnit: 1,
    extent,
    global: false,
  });
}

/** Extent of coordinates with a margin, never empty. */
export function extentOf(coords: Iterable<readonly [number, number]>, margin = 0.08): Extent {
  const e: Extent = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of coords) {
    if (x < e[0]) e[0] = x;
    if (y < e[1]) e[1] = y;
    if (x > e[2]) e[2] = x;
    if (y > e[3]) e[3] = y;
  }
  if (!(e[2] >= e[0])) return [0, 0, 1000, 1000];
  const m = Math.max(50, margin * Math.max(e[2] - e[0], e[3] - e[1]));
  return [e[0] - m, e[1] - m, e[2] + m, e[3] + m];
}

const DPI = 96;
const METRE_PER_INCH = 0.0254;

/** n of "1:n" on a 96-dpi screen. */
export function scaleOf(resolution: number): number {
  return (resolution * DPI) / METRE_PER_INCH;
}

export function resolutionOf(scale: number, dpi = DPI): number {
  return (scale * METRE_PER_INCH) / dpi;
}

/** A round length in metres whose bar is at most `px` pixels long. */
export function barLength(resolution: number, px: number): number {
  const max = resolution * px;
  const base = 10 ** Math.floor(Math.log10(max));
  for (const k of [5, 2, 1]) if (base * k <= max) return base * k;
  return base;
}
