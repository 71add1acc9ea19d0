// SPDX-License-Identifier: Apache-2.0
/**
 * A sheet for paper: the map at an exact scale with frame, grid ticks, scale bar, north arrow and
 * title block (图签), drawn at 150 dpi in colours of its own. The canvas is what is printed or saved.
 */
import OlMap from 'ol/Map';
import View from 'ol/View';
import { site } from '../api/site';
import { world } from '../api/world';
import { areaLayer, type MapData, roadwayLayer } from './base';
import { itemsOf } from './items';
import { LiveLayer } from './live-layer';
import { PAPER } from './palette';
import { type Extent, siteProjection } from './projection';

export const DPI = 150;
const MM = DPI / 25.4;
export const PAPERS: Record<string, [number, number]> = {
  A4: [297, 210],
  A3: [420, 297],
  A2: [594, 420],
  A1: [841, 594],
};
export const SCALES = [500, 1000, 2000, 5000, 10000, 20000] as const;
const EDGE = 10;
const BLOCK_W = 150;
const BLOCK_H = 36;

export interface SheetRow {
  label: string;
  value: string;
}

export interface SheetOptions {
  paper: keyof typeof PAPERS;
  scale: number;
  center: [number, number];
  title: string;
  /** Rows of the title block, two columns. */
  rows: readonly SheetRow[];
  /** A word across the sheet, e.g. 仿真; empty for real data. */
  stamp: string;
  hidden: ReadonlySet<string>;
}

export const metresPerPixel = (scale: number) => (scale * 0.0254) / DPI;

async function mapCanvas(
  o: SheetOptions,
  data: MapData,
  w: number,
  h: number,
): Promise<HTMLCanvasElement> {
  const el = document.createElement('div');
  el.className = 'kt-print-map';
  el.style.width = `${w}px`;
  el.style.height = `${h}px`;
  document.body.appendChild(el);
  const full: Extent = [o.center[0] - 1e5, o.center[1] - 1e5, o.center[0] + 1e5, o.center[1] + 1e5];
  const style = { palette: () => PAPER, marked: () => new Set<string>(), factor: DPI / 96 };
  const live = new LiveLayer({
    items: itemsOf(site.value, data),
    world: world.value,
    site: site.value,
    palette: PAPER,
    hidden: o.hidden,
    onlyAbnormal: false,
    selected: '',
    names: true,
    lost: false,
    factor: DPI / 96,
  });
  const map = new OlMap({
    target: el,
    pixelRatio: 1,
    controls: [],
    interactions: [],
    layers: [areaLayer(data, style), roadwayLayer(data, style), live],
    view: new View({
      projection: siteProjection(site.value.site.crs?.epsg, full),
      center: o.center,
      resolution: metresPerPixel(o.scale),
      constrainResolution: false,
    }),
  });
  try {
    await new Promise<void>((done) => {
      map.once('rendercomplete', () => done());
      map.renderSync();
    });
    return flatten(el, w, h);
  } finally {
    map.setTarget(undefined);
    map.dispose();
    el.remove();
  }
}

/** Draws the layers' canvases over each other as the screen shows them. */
function flatten(el: HTMLElement, w: number, h: number): HTMLCanvasElement {
  const out = document.createElement('canvas');
  out.width = w;
  out.height = h;
  const c = out.getContext('2d')!;
  c.fillStyle = PAPER.field;
  c.fillRect(0, 0, w, h);
  for (const canvas of el.querySelectorAll<HTMLCanvasElement>(
    '.ol-layer canvas, canvas.ol-layer',
  )) {
    if (canvas.width === 0) continue;
    const m = new DOMMatrix(getComputedStyle(canvas).transform);
    c.setTransform(m.a, m.b, m.c, m.d, m.e, m.f);
    c.drawImage(canvas, 0, 0);
  }
  c.setTransform(1, 0, 0, 1, 0, 0);
  return out;
}

function gridStep(scale: number): number {
  return [50, 100, 200, 500, 1000, 2000].find((s) => s / scale >= 0.08) ?? 5000;
}

/** Ticks with coordinates along the frame: X north at the sides, Y east above and below. */
function drawGrid(
  c: CanvasRenderingContext2D,
  o: SheetOptions,
  x0: number,
  y0: number,
  w: number,
  h: number,
): void {
  const res = metresPerPixel(o.scale);
  const step = gridStep(o.scale);
  const west = o.center[0] - (w / 2) * res;
  const north = o.center[1] + (h / 2) * res;
  c.font = `${2.6 * MM}px sans-serif`;
  c.fillStyle = c.strokeStyle = '#000';
  c.lineWidth = 1;
  c.textBaseline = 'middle';
  for (let e = Math.ceil(west / step) * step; e < west + w * res; e += step) {
    const x = x0 + (e - west) / res;
    c.beginPath();
    c.moveTo(x, y0);
    c.lineTo(x, y0 + 3 * MM);
    c.moveTo(x, y0 + h);
    c.lineTo(x, y0 + h - 3 * MM);
    c.stroke();
    c.textAlign = 'center';
    c.fillText(String(Math.round(e)), x, y0 - 2.2 * MM);
  }
  for (let n = Math.floor(north / step) * step; n > north - h * res; n -= step) {
    const y = y0 + (north - n) / res;
    c.beginPath();
    c.moveTo(x0, y);
    c.lineTo(x0 + 3 * MM, y);
    c.moveTo(x0 + w, y);
    c.lineTo(x0 + w - 3 * MM, y);
    c.stroke();
    c.save();
    c.translate(x0 - 2.2 * MM, y);
    c.rotate(-Math.PI / 2);
    c.textAlign = 'center';
    c.fillText(String(Math.round(n)), 0, 0);
    c.restore();
  }
}

function drawNorth(c: CanvasRenderingContext2D, x: number, y: number): void {
  const r = 9 * MM;
  c.fillStyle = '#000';
  c.beginPath();
  c.moveTo(x, y - r);
  c.lineTo(x + r * 0.35, y + r * 0.5);
  c.lineTo(x, y + r * 0.25);
  c.closePath();
  c.fill();
  c.beginPath();
  c.moveTo(x, y - r);
  c.lineTo(x - r * 0.35, y + r * 0.5);
  c.lineTo(x, y + r * 0.25);
  c.closePath();
  c.stroke();
  c.font = `bold ${4 * MM}px sans-serif`;
  c.textAlign = 'center';
  c.textBaseline = 'bottom';
  c.fillText('N', x, y - r - 0.5 * MM);
}

function drawBlock(c: CanvasRenderingContext2D, o: SheetOptions, x: number, y: number): void {
  const [w, h] = [BLOCK_W * MM, BLOCK_H * MM];
  const head = 10 * MM;
  c.fillStyle = '#fff';
  c.fillRect(x, y, w, h);
  c.strokeStyle = c.fillStyle = '#000';
  c.lineWidth = 2;
  c.strokeRect(x, y, w, h);
  c.font = `bold ${5 * MM}px sans-serif`;
  c.textAlign = 'center';
  c.textBaseline = 'middle';
  c.fillText(o.title, x + w / 2, y + head / 2, w - 2 * MM);
  const lines = Math.ceil(o.rows.length / 2);
  const rh = (h - head) / lines;
  c.lineWidth = 1;
  c.font = `${3.2 * MM}px sans-serif`;
  c.textAlign = 'left';
  o.rows.forEach((r, i) => {
    const cx = x + (i % 2) * (w / 2);
    const cy = y + head + Math.floor(i / 2) * rh;
    c.strokeRect(cx, cy, w / 2, rh);
    c.fillText(r.label, cx + 1.5 * MM, cy + rh / 2);
    c.fillText(r.value, cx + 22 * MM, cy + rh / 2, w / 2 - 23 * MM);
  });
}

function drawBar(c: CanvasRenderingContext2D, o: SheetOptions, x: number, y: number): void {
  const res = metresPerPixel(o.scale);
  const length = [20, 50, 100, 200, 500, 1000].find((l) => l / res > 40 * MM) ?? 1000;
  const px = length / res;
  c.lineWidth = 1.5;
  c.strokeStyle = c.fillStyle = '#000';
  for (let i = 0; i < 4; i++) {
    if (i % 2 === 0) c.fillRect(x + (px / 4) * i, y, px / 4, 2 * MM);
    c.strokeRect(x + (px / 4) * i, y, px / 4, 2 * MM);
  }
  c.font = `${3.2 * MM}px sans-serif`;
  c.textBaseline = 'bottom';
  c.textAlign = 'left';
  c.fillText('0', x, y - MM);
  c.textAlign = 'right';
  c.fillText(`${length} m    1:${o.scale}`, x + px + 18 * MM, y - MM);
}

export async function renderSheet(o: SheetOptions, data: MapData): Promise<HTMLCanvasElement> {
  const [pw, ph] = PAPERS[o.paper]!;
  const out = document.createElement('canvas');
  out.width = Math.round(pw * MM);
  out.height = Math.round(ph * MM);
  const c = out.getContext('2d')!;
  c.fillStyle = '#fff';
  c.fillRect(0, 0, out.width, out.height);
  const x0 = Math.round((EDGE + 4) * MM);
  const y0 = Math.round(EDGE * MM);
  const w = out.width - x0 - Math.round(EDGE * MM);
  const h = out.height - 2 * y0;
  c.drawImage(await mapCanvas(o, data, w, h), x0, y0);
  c.strokeStyle = '#000';
  c.lineWidth = 3;
  c.strokeRect(x0, y0, w, h);
  drawGrid(c, o, x0, y0, w, h);
  drawNorth(c, x0 + w - 14 * MM, y0 + 22 * MM);
  drawBlock(c, o, x0 + w - BLOCK_W * MM, y0 + h - BLOCK_H * MM);
  drawBar(c, o, x0 + 8 * MM, y0 + h - 8 * MM);
  if (o.stamp) {
    c.save();
    c.translate(x0 + w / 2, y0 + h / 2);
    c.rotate(-Math.PI / 8);
    c.font = `bold ${Math.min(30, pw / 10) * MM}px sans-serif`;
    c.globalAlpha = 0.09;
    c.textAlign = 'center';
    c.fillText(o.stamp, 0, 0);
    c.restore();
  }
  return out;
}
