// SPDX-License-Identifier: Apache-2.0
/** The picture: panels by unit, bars of switches, alarm marks, one time axis. No state of its own. */
import { overAt } from '../../api/alarms';
import type { Alarm, PointInfo } from '../../api/model';
import { site } from '../../api/site';
import { decimalsOf, num, siteOffset } from '../../app/format';
import { nameOf } from '../../app/i18n';
import { limitKind, limitName } from '../../records/Parts';
import type { LimitLine, Trend } from './model';
import { decimalsOfStep, timeTicks, valueRange, valueTicks } from './scale';
import { cover, type Dot, dots, runs } from './segments';

const AXIS_W = 58;
const LANE_H = 22;
const EVENTS_H = 24;
const TIME_H = 36;
const PANEL_GAP = 10;
const PANEL_LEAST = 70;
const DASHES: number[][] = [[], [9, 4], [2, 3], [10, 3, 2, 3]];
export const COLOURS = 4;

export interface Panel {
  unit: string;
  points: PointInfo[];
  top: number;
  height: number;
  lo: number;
  hi: number;
  side: 'left' | 'right';
  /** Distance of its axis from the plot's edge, when several units share one panel. */
  offset: number;
}

export interface Layout {
  left: number;
  right: number;
  width: number;
  panels: Panel[];
  lanes: { point: PointInfo; top: number }[];
  eventsTop: number;
  axisTop: number;
  height: number;
}

const isBar = (p: PointInfo) => p.kind === 'switch' || p.kind === 'output';

export function styleOf(
  trend: Trend,
  p: PointInfo,
): { token: string; dash: number[]; index: number } {
  const i = trend.points
    .peek()
    .filter((o) => !isBar(o))
    .indexOf(p);
  return {
    token: `--series-${(i % COLOURS) + 1}`,
    dash: DASHES[Math.floor(i / COLOURS) % DASHES.length]!,
    index: i,
  };
}

/** Where everything stands in a box of w × h. */
export function layout(trend: Trend, w: number, h: number): Layout {
  const shown = trend.points.peek().filter((p) => !trend.hidden.peek().has(p.id));
  const curves = shown.filter((p) => !isBar(p));
  const bars = shown.filter(isBar);
  const units = [...new Set(curves.map((p) => site.peek().unitOf(p)))];
  const mode = trend.mode.peek();
  const shared = mode !== 'split';
  const leftAxes = shared && mode === 'one' ? Math.max(1, Math.ceil(units.length / 2)) : 1;
  const rightAxes = shared && mode === 'one' ? Math.floor(units.length / 2) : 0;
  const left = Math.max(AXIS_W * leftAxes, bars.length ? 116 : 0);
  const right = Math.max(12, AXIS_W * rightAxes);
  const barsH = bars.length * LANE_H + (bars.length ? 6 : 0);
  const axisTop = h - TIME_H;
  const eventsTop = axisTop - EVENTS_H;
  const room = eventsTop - barsH - 14;
  const groups = mode === 'norm' ? [''] : units;
  const each = shared
    ? room
    : Math.max(
        PANEL_LEAST,
        (room - PANEL_GAP * Math.max(0, groups.length - 1)) / Math.max(1, groups.length),
      );
  const panels = (curves.length ? groups : []).map((unit, i): Panel => {
    const own = mode === 'norm' ? curves : curves.filter((p) => site.peek().unitOf(p) === unit);
    return {
      unit,
      points: own,
      top: shared ? 12 : 12 + i * (each + PANEL_GAP),
      height: each,
      lo: 0,
      hi: 1,
      side: shared && i % 2 ? 'right' : 'left',
      offset: shared ? Math.floor(i / 2) * AXIS_W : 0,
    };
  });
  const barsTop = curves.length ? eventsTop - barsH : 12;
  return {
    left,
    right,
    width: Math.max(10, w - left - right),
    panels,
    lanes: bars.map((point, i) => ({ point, top: barsTop + i * LANE_H + 3 })),
    eventsTop,
    axisTop,
    height: h,
  };
}

export type Ink = (token: string) => string;

interface Pen {
  c: CanvasRenderingContext2D;
  l: Layout;
  trend: Trend;
  ink: Ink;
  from: number;
  to: number;
  x: (t: number) => number;
}

interface Curve {
  point: PointInfo;
  list: Dot[];
  shift: number;
  lo: number;
  hi: number;
}

function curvesOf(pen: Pen, panel: Panel): Curve[] {
  const { trend, from, to, l } = pen;
  const column = (to - from) / l.width;
  const shifts = trend.compare.peek() ? [trend.compare.peek(), 0] : [0];
  return panel.points.flatMap((point) =>
    shifts.map((shift) => {
      const list = dots(cover(trend.segments(point, shift), from - shift, to - shift), column);
      let lo = Infinity;
      let hi = -Infinity;
      for (const d of list) {
        if (d.lo < lo) lo = d.lo;
        if (d.hi > hi) hi = d.hi;
      }
      return { point, list, shift, lo, hi };
    }),
  );
}

const stepAt = (line: LimitLine, at: number) =>
  [...line.steps].reverse().find((s) => s.at <= at)?.value ?? line.steps[0]!.value;

function setRange(pen: Pen, panel: Panel, curves: readonly Curve[]): void {
  const zoomed = pen.trend.yZoom.get(panel.unit);
  if (zoomed) {
    [panel.lo, panel.hi] = zoomed;
    return;
  }
  const lo = Math.min(...curves.map((c) => c.lo));
  const hi = Math.max(...curves.map((c) => c.hi));
  const limits = panel.points.flatMap((p) =>
    (pen.trend.limits.peek().get(p.id) ?? []).map((line) => stepAt(line, pen.to)),
  );
  [panel.lo, panel.hi] = valueRange(lo, hi, limits);
}

function grid(pen: Pen, panel: Panel, share: boolean): void {
  const { c, l, ink } = pen;
  const y = (v: number) =>
    panel.top + panel.height - ((v - panel.lo) / (panel.hi - panel.lo)) * panel.height;
  const ticks = valueTicks(panel.lo, panel.hi, panel.height);
  const d = decimalsOfStep(ticks);
  const axisX = panel.side === 'left' ? l.left - panel.offset : l.left + l.width + panel.offset;
  c.font = '11px system-ui, sans-serif';
  c.textAlign = panel.side === 'left' ? 'right' : 'left';
  c.textBaseline = 'middle';
  for (const v of ticks) {
    const yy = Math.round(y(v)) + 0.5;
    if (panel.offset === 0 && panel.side === 'left') {
      c.strokeStyle = ink('--rule');
      c.beginPath();
      c.moveTo(l.left, yy);
      c.lineTo(l.left + l.width, yy);
      c.stroke();
    }
    if (yy < panel.top + 8) continue; // there stands the unit
    c.fillStyle = ink('--text2');
    c.fillText(num(v, d), axisX + (panel.side === 'left' ? -5 : 5), yy);
  }
  c.strokeStyle = ink('--line');
  c.beginPath();
  c.moveTo(axisX + 0.5, panel.top);
  c.lineTo(axisX + 0.5, panel.top + panel.height);
  c.stroke();
  c.fillStyle = ink('--text');
  c.textBaseline = 'alphabetic';
  const unit = share ? '%' : panel.unit;
  c.textAlign = panel.side === 'left' ? 'left' : 'right';
  const at = panel.side === 'left' ? axisX - AXIS_W + 4 : axisX + AXIS_W - 4;
  c.font = '600 11px system-ui, sans-serif';
  c.fillText(unit, at, Math.max(10, panel.top - 2));
}

interface Piece {
  from: number;
  to: number;
  value: number;
}

/** The steps of a limit within the view. */
function pieces(line: LimitLine, from: number, to: number): Piece[] {
  return line.steps
    .map((s, i) => ({
      from: Math.max(from, s.at),
      to: Math.min(to, line.steps[i + 1]?.at ?? to),
      value: s.value,
    }))
    .filter((p) => p.from < p.to);
}

/** Lines of one height share it: each takes its turn, so that no colour hides another. */
function turnsOf(pen: Pen, panel: Panel): Map<number, string[]> {
  const out = new Map<number, string[]>();
  for (const p of panel.points) {
    for (const line of pen.trend.limits.peek().get(p.id) ?? []) {
      const kind = limitKind(line.name) ?? line.name;
      for (const { value } of pieces(line, pen.from, pen.to)) {
        const kinds = out.get(value) ?? [];
        if (!kinds.includes(kind)) out.set(value, [...kinds, kind]);
      }
    }
  }
  return out;
}

const DASH = 7;

function limitLine(
  pen: Pen,
  line: LimitLine,
  turns: ReadonlyMap<number, string[]>,
  panel: Panel,
): void {
  const [top, bottom] = [panel.top, panel.top + panel.height];
  const y = (v: number) => bottom - ((v - panel.lo) / (panel.hi - panel.lo)) * panel.height;
  const { c } = pen;
  const kind = limitKind(line.name) ?? line.name;
  let before: Piece | undefined;
  for (const p of pieces(line, pen.from, pen.to)) {
    const kinds = turns.get(p.value) ?? [kind];
    c.setLineDash([DASH, kinds.length > 1 ? DASH * (kinds.length - 1) : 5]);
    c.lineDashOffset = -DASH * Math.max(0, kinds.indexOf(kind));
    const yy = Math.round(y(p.value)) + 0.5;
    if (yy < top || yy > bottom) {
      before = undefined;
      continue;
    }
    c.beginPath();
    if (before) c.moveTo(pen.x(p.from), y(before.value));
    else c.moveTo(pen.x(p.from), yy);
    c.lineTo(pen.x(p.from), yy);
    c.lineTo(pen.x(p.to), yy);
    c.stroke();
    before = p;
  }
  c.setLineDash([]);
  c.lineDashOffset = 0;
}

function limitsOf(pen: Pen, panel: Panel): void {
  const { c, l, trend, ink, to } = pen;
  const y = (v: number) =>
    panel.top + panel.height - ((v - panel.lo) / (panel.hi - panel.lo)) * panel.height;
  const done = new Set<string>();
  const turns = turnsOf(pen, panel);
  const outside = new Set<string>();
  /** Labels of one height stand beside each other. */
  const edges = new Map<number, number>();
  for (const p of panel.points) {
    for (const line of trend.limits.peek().get(p.id) ?? []) {
      const id = `${line.name} ${line.steps.map((s) => `${s.at}:${s.value}`).join()}`;
      if (done.has(id)) continue;
      done.add(id);
      const kind = limitKind(line.name);
      c.strokeStyle = c.fillStyle = kind ? ink(`--limit-${kind}`) : ink('--text2');
      c.lineWidth = 1.4;
      limitLine(pen, line, turns, panel);
      c.lineWidth = 1;
      const end = stepAt(line, to);
      const yy = y(end);
      const words = `${limitName(line.name)} ${num(end, decimalsOf(p.resolution))}`;
      if (yy < panel.top || yy > panel.top + panel.height) {
        outside.add(`${yy < panel.top ? '▲' : '▼'} ${words}`);
        continue;
      }
      const row = Math.round(yy / 12);
      const right = edges.get(row) ?? l.left + l.width - 4;
      edges.set(row, right - label(pen, words, right, yy - 3) - 8);
    }
  }
  if (outside.size) {
    c.fillStyle = ink('--text2');
    label(pen, [...outside].join('  '), l.left + l.width - 4, panel.top + 10);
  }
}

/** Text that keeps clear of the lines behind it. */
function label({ c, ink }: Pen, text: string, x: number, y: number): number {
  c.font = '11px system-ui, sans-serif';
  c.textAlign = 'right';
  c.textBaseline = 'alphabetic';
  const { fillStyle } = c;
  const w = c.measureText(text).width;
  c.globalAlpha = 0.8;
  c.fillStyle = ink('--panel');
  c.fillRect(x - w - 2, y - 10, w + 4, 13);
  c.globalAlpha = 1;
  c.fillStyle = fillStyle;
  c.fillText(text, x, y);
  return w;
}

function curve(pen: Pen, panel: Panel, cv: Curve, norm: boolean): void {
  const { c, l, trend, ink } = pen;
  const [lo, hi] = norm ? [cv.lo, cv.hi > cv.lo ? cv.hi : cv.lo + 1] : [panel.lo, panel.hi];
  const y = (v: number) => panel.top + panel.height - ((v - lo) / (hi - lo)) * panel.height;
  const x = (t: number) => pen.x(t + cv.shift);
  const style = styleOf(trend, cv.point);
  const colour = ink(style.token);
  const pxPerMs = l.width / (pen.to - pen.from);
  c.save();
  c.beginPath();
  c.rect(l.left, panel.top, l.width, panel.height);
  c.clip();
  c.strokeStyle = c.fillStyle = colour;
  const weak = cv.shift ? 0.5 : 1;
  // the band: for each column the least and the greatest, at least one pixel high
  c.globalAlpha = 0.55 * weak;
  for (const d of cv.list) {
    if (d.hi === d.lo) continue;
    const half = Math.max(0.5, d.half * pxPerMs);
    const top = y(d.hi);
    c.fillRect(x(d.t) - half, top, 2 * half, Math.max(1, y(d.lo) - top));
  }
  c.globalAlpha = weak;
  c.lineWidth = cv.shift ? 1 : 1.4;
  c.lineJoin = 'round';
  strokeLine(pen, cv, x, y, cv.shift ? [3, 4] : style.dash);
  lonely(cv, x, y, c, pxPerMs);
  c.restore();
}

/** The mean as a line: broken at gaps, dotted where the quality is uncertain. */
function strokeLine(
  { c }: Pen,
  cv: Curve,
  x: (t: number) => number,
  y: (v: number) => number,
  dash: number[],
): void {
  let dotted = false;
  let open = false;
  const start = (d: Dot) => {
    if (open) c.stroke();
    dotted = d.grade === 1;
    c.setLineDash(dotted ? [1.5, 3] : dash);
    c.beginPath();
    c.moveTo(x(d.t), y(d.mean));
    open = true;
  };
  cv.list.forEach((d, i) => {
    const before = cv.list[i - 1];
    if (!before || d.broken) {
      start(d);
    } else if ((d.grade === 1) !== dotted) {
      start(before);
      dotted = d.grade === 1;
      c.setLineDash(dotted ? [1.5, 3] : dash);
      c.lineTo(x(d.t), y(d.mean));
    } else {
      c.lineTo(x(d.t), y(d.mean));
    }
  });
  if (open) c.stroke();
  c.setLineDash([]);
}

/** Samples that stand far apart are marked; values set by hand are hollow. */
function lonely(
  cv: Curve,
  x: (t: number) => number,
  y: (v: number) => number,
  c: CanvasRenderingContext2D,
  pxPerMs: number,
): void {
  cv.list.forEach((d, i) => {
    const next = cv.list[i + 1];
    const before = cv.list[i - 1];
    const alone = (!before || d.broken) && (!next || next.broken);
    const wide = d.half === 0 && before && (d.t - before.t) * pxPerMs > 7;
    if (!alone && !wide && !d.manual) return;
    c.beginPath();
    c.arc(x(d.t), y(d.mean), d.manual ? 3 : 2, 0, 7);
    if (d.manual) c.stroke();
    else c.fill();
  });
}

function lane(pen: Pen, p: PointInfo, top: number): void {
  const { c, l, trend, ink, from, to, x } = pen;
  const s = site.peek();
  const end = Math.min(to, trend.now());
  c.font = '12px system-ui, sans-serif';
  c.textBaseline = 'middle';
  c.textAlign = 'right';
  c.fillStyle = ink('--text');
  c.fillText(clip(c, nameOf(p), l.left - 10), l.left - 6, top + LANE_H / 2 - 2);
  for (const r of runs(cover(trend.segments(p), from, to), end)) {
    const a = Math.max(l.left, x(r.from));
    const b = Math.min(l.left + l.width, Math.max(x(r.to), x(r.from) + 1));
    if (b <= a) continue;
    if (r.state === 2) {
      hatch(c, a, top, b - a, LANE_H - 5, ink);
      continue;
    }
    c.fillStyle = ink(r.state ? '--running' : '--stopped');
    c.fillRect(a, top, b - a, LANE_H - 5);
    c.strokeStyle = ink('--line');
    c.strokeRect(a + 0.5, top + 0.5, Math.max(0, b - a - 1), LANE_H - 6);
    const word = s.word(p, r.state);
    if (c.measureText(word).width + 8 < b - a) {
      c.fillStyle = r.state ? '#1b1f24' : '#ffffff';
      c.textAlign = 'left';
      c.fillText(word, a + 4, top + LANE_H / 2 - 2);
    }
  }
}

function hatch(
  c: CanvasRenderingContext2D,
  x: number,
  y: number,
  w: number,
  h: number,
  ink: Ink,
): void {
  c.fillStyle = ink('--running');
  c.fillRect(x, y, w, h);
  c.fillStyle = ink('--stopped');
  for (let k = 0; k < w; k += 4) c.fillRect(x + k, y, Math.min(2, w - k), h);
}

export function clip(c: CanvasRenderingContext2D, text: string, room: number): string {
  if (c.measureText(text).width <= room) return text;
  let n = text.length - 1;
  while (n > 1 && c.measureText(`${text.slice(0, n)}…`).width > room) n--;
  return `${text.slice(0, n)}…`;
}

/** Shape and digit as in the tag: ■1 ▲2 ●3 ◇4. */
function mark(pen: Pen, a: Alarm, x: number, y: number): void {
  const { c, ink } = pen;
  c.beginPath();
  if (a.priority === 1) c.rect(x - 6, y - 6, 12, 12);
  else if (a.priority === 3) c.arc(x, y, 6.5, 0, 7);
  else {
    const pts =
      a.priority === 2
        ? [
            [0, -8],
            [8, 6],
            [-8, 6],
          ]
        : [
            [0, -8],
            [8, 0],
            [0, 8],
            [-8, 0],
          ];
    for (const [i, [dx, dy]] of pts.entries()) {
      if (i) c.lineTo(x + dx!, y + dy!);
      else c.moveTo(x + dx!, y + dy!);
    }
    c.closePath();
  }
  c.fillStyle = ink(`--p${a.priority}`);
  c.fill();
  c.strokeStyle = ink('--outline');
  c.stroke();
  c.fillStyle = ink(`--p${a.priority}-glyph`);
  c.font = '700 9px system-ui, sans-serif';
  c.textAlign = 'center';
  c.textBaseline = 'middle';
  c.fillText(String(a.priority), x, y + (a.priority === 2 ? 2 : 0.5));
}

function events(pen: Pen, word: string): void {
  const { c, l, trend, ink, from, to, x } = pen;
  const y = l.eventsTop + EVENTS_H / 2;
  c.font = '12px system-ui, sans-serif';
  c.textAlign = 'right';
  c.textBaseline = 'middle';
  c.fillStyle = ink('--text2');
  c.fillText(clip(c, word, l.left - 10), l.left - 6, y);
  c.strokeStyle = ink('--rule');
  c.beginPath();
  c.moveTo(l.left, y + 0.5);
  c.lineTo(l.left + l.width, y + 0.5);
  c.stroke();
  let edge = Number.NEGATIVE_INFINITY;
  for (const a of trend.alarms()) {
    const end = overAt(a) ?? trend.now();
    if (end < from || a.raised > to) continue;
    const xa = Math.max(l.left, x(a.raised));
    const xb = Math.min(l.left + l.width, x(end));
    c.fillStyle = ink('--text2');
    c.globalAlpha = 0.5;
    c.fillRect(xa, y - 1.5, Math.max(1, xb - xa), 4);
    c.globalAlpha = 1;
    if (a.raised < from) continue;
    c.strokeStyle = ink('--text2');
    c.setLineDash([1, 3]);
    c.beginPath();
    c.moveTo(Math.round(xa) + 0.5, 12);
    c.lineTo(Math.round(xa) + 0.5, l.eventsTop);
    c.stroke();
    c.setLineDash([]);
    if (xa - edge < 15) continue;
    edge = xa;
    mark(pen, a, xa, y);
  }
}

function timeAxis(pen: Pen): void {
  const { c, l, ink, from, to, x } = pen;
  const ticks = timeTicks(from, to, l.width, siteOffset.peek());
  c.font = '11px system-ui, sans-serif';
  c.textAlign = 'center';
  c.textBaseline = 'alphabetic';
  ticks.forEach((k, i) => {
    const xx = Math.round(x(k.at)) + 0.5;
    c.strokeStyle = ink('--rule');
    c.beginPath();
    c.moveTo(xx, 12);
    c.lineTo(xx, l.axisTop + 4);
    c.stroke();
    c.fillStyle = ink('--text2');
    c.fillText(k.text, xx, l.axisTop + 15);
    if (k.day || i === 0) {
      c.fillStyle = ink('--text');
      c.fillText(k.day ?? '', Math.max(xx, l.left + 30), l.axisTop + 29);
    }
  });
  c.strokeStyle = ink('--line');
  c.beginPath();
  c.moveTo(l.left, l.axisTop + 0.5);
  c.lineTo(l.left + l.width, l.axisTop + 0.5);
  c.stroke();
}

const FORECAST_W = 14;

/** The band of the next three minutes at the edge of the present: hatched, so that nobody takes it
 *  for what was measured. */
function forecasts(pen: Pen, panel: Panel): void {
  const { c, l, trend, ink } = pen;
  const right = l.left + l.width;
  const bottom = panel.top + panel.height;
  const y = (v: number) =>
    Math.min(
      bottom,
      Math.max(panel.top, bottom - ((v - panel.lo) / (panel.hi - panel.lo)) * panel.height),
    );
  for (const p of panel.points) {
    const f = trend.forecasts.peek().get(p.id);
    if (!f || f.low === null || f.high === null || f.value === null) continue;
    const end = Math.min(right, Math.max(pen.x(f.until), right));
    const from = Math.min(pen.x(trend.now()), end - FORECAST_W);
    const [top, low] = [y(f.high), y(f.low)];
    c.save();
    c.strokeStyle = ink(styleOf(trend, p).token);
    c.setLineDash([2, 2]);
    c.strokeRect(from + 0.5, top, end - from - 1, Math.max(2, low - top));
    c.beginPath();
    c.rect(from, top, end - from, Math.max(2, low - top));
    c.clip();
    c.setLineDash([]);
    c.beginPath();
    for (let k = top - (end - from); k < low; k += 5) {
      c.moveTo(from, k + (end - from));
      c.lineTo(end, k);
    }
    c.stroke();
    c.restore();
  }
}

function future(pen: Pen): void {
  const { c, l, trend, to, x, ink } = pen;
  const now = trend.now();
  if (now >= to) return;
  const xx = Math.max(l.left, x(now));
  c.fillStyle = ink('--shade');
  c.fillRect(xx, 12, l.left + l.width - xx, l.axisTop - 12);
}

export function penFor(c: CanvasRenderingContext2D, l: Layout, trend: Trend, ink: Ink): Pen {
  const { from, to } = trend.view.peek();
  const x = (t: number) => l.left + ((t - from) / (to - from)) * l.width;
  return { c, l, trend, ink, from, to, x };
}

/** Draws all; the ranges of the panels are written into the layout. */
export function draw(pen: Pen, eventsWord: string, size: { w: number; h: number }): number {
  const { c, l, ink, trend } = pen;
  c.fillStyle = ink('--panel');
  c.fillRect(0, 0, size.w, size.h);
  c.lineWidth = 1;
  timeAxis(pen);
  future(pen);
  const norm = trend.mode.peek() === 'norm';
  let drawn = 0;
  for (const panel of l.panels) {
    const curves = curvesOf(pen, panel);
    if (norm) [panel.lo, panel.hi] = [0, 100];
    else setRange(pen, panel, curves);
    grid(pen, panel, norm);
    for (const cv of curves) {
      curve(pen, panel, cv, norm);
      drawn += cv.list.length;
    }
    if (!norm) {
      forecasts(pen, panel);
      limitsOf(pen, panel);
    }
  }
  for (const x of l.lanes) lane(pen, x.point, x.top);
  events(pen, eventsWord);
  return drawn;
}
