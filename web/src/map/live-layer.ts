// SPDX-License-Identifier: Apache-2.0
/**
 * The live layer: one canvas, a third larger than the view. It is drawn anew when data changed, the
 * view rests, or 100 ms passed; while the view moves in between, it is only moved by CSS.
 * Pass 1 stamps sprites in rising severity, pass 2 writes labels in falling severity where there is
 * room; a priority-1 alarm without room beside it has its label further off, at a line. Values come
 * from the columns of the world's point table.
 *
 * Invariant: alarms are never hidden by a filter, a scale or a label; a label of priority 1 is never
 * left out in silence: what a storm leaves no room or no time for is counted at the edge of the map.
 */
import Layer from 'ol/layer/Layer';
import type { FrameState } from 'ol/Map';
import type { Alarm } from '../api/model';
import { codeIsBad, QUALITY } from '../api/points';
import type { SiteModel } from '../api/site';
import type { World } from '../api/world';
import { decimalsOf, num } from '../app/format';
import { t } from '../app/texts';
import { isFault, qualitySign } from '../ui/Value';
import type { Item } from './items';
import { type Box, nearestSpot, Occupancy } from './labels';
import type { Palette } from './palette';
import { scaleOf } from './projection';
import { type Sprite, Sprites } from './sprites';

export const L1_SCALE = 10_000;
export const L3_SCALE = 2_000;
const MARGIN = 0.15;
const MOVE_MS = 100;
const SLOT_X = 15;
const SLOTS = 6;
const HIT_PX = 14;
/** severityOf() of an alarm of priority 1. */
const P1 = 6;
const LEAD_PX = 26;
/** Searches of a drawing for a place further off; each may look at a thousand places. */
const SEARCHES = 40;
/** Labels without an alarm while the view moves: letters with a halo cost most of a drawing. */
const MOVING_LABELS = 60;
const WIDTHS_MAX = 20_000;
const FONTS = 'system-ui, "Noto Sans CJK SC", "WenQuanYi Micro Hei", sans-serif';
const KEY_GROUPS = new Set(['gas', 'wind', 'co', 'fan', 'asset', 'door', 'belt', 'water']);

export interface LiveView {
  items: readonly Item[];
  world: World;
  site: SiteModel;
  palette: Palette;
  /** Groups of points that are switched off. */
  hidden: ReadonlySet<string>;
  onlyAbnormal: boolean;
  selected: string;
  names: boolean;
  /** Data may not be trusted: no line to the server. */
  lost: boolean;
  factor: number;
  /** Always as at the scale of the mine: the wall. */
  overview?: boolean;
}

interface Placed {
  item: Item;
  x: number;
  y: number;
  severity: number;
  alarm: Alarm | undefined;
}

/** A name of the drawing shows while its letters are not too small to stand for anything. */
function labelShows(item: Item, scale: number, resolution: number): boolean {
  if (item.height_m !== undefined) return item.height_m / resolution > 3.5;
  return scale <= (item.maxScale ?? L1_SCALE);
}

/** Of what is normal, only sensors (as dots) and main equipment show at the scale of the mine. */
function atL1(item: Item): boolean {
  if (item.kind === 'asset') return item.main === true;
  return item.kind === 'label' || item.point?.kind === 'analog';
}

/** 0 = plain, 1 = uncertain, 2 = fault or stale, 3…6 = alarm of priority 4…1. */
function severityOf(item: Item, w: World, alarm: Alarm | undefined): number {
  if (alarm) return 7 - alarm.priority;
  if (!item.point) return 0;
  const q = w.points.q[item.point.i] ?? 11;
  if (codeIsBad(q)) return 2;
  return QUALITY[q]![1] === 'uncertain' ? 1 : 0;
}

export class LiveLayer extends Layer {
  private readonly box = document.createElement('div');
  private readonly canvas = document.createElement('canvas');
  private readonly crowd = document.createElement('output');
  private searches = 0;
  private moving = false;
  private drawn = { cx: 0, cy: 0, resolution: 1, w: 0, h: 0, at: 0 };
  private size = { w: 0, h: 0 };
  private dirty = true;
  private sprites: Sprites | null = null;
  private hits: Placed[] = [];
  /** Drawn at the scale of the mine (L1). */
  private far = false;
  private drawnResolution = 1;
  private readonly widths = new Map<string, number>();
  /** Milliseconds of the last drawing; shown in the layers panel. */
  drawMs = 0;
  labelCount = 0;

  /** @param covered parts of the view, in its pixels, over which something else stands */
  constructor(
    private view: LiveView,
    private readonly covered: () => readonly Box[] = () => [],
  ) {
    super({ zIndex: 50 });
    this.box.className = 'ol-layer kt-live';
    this.box.style.position = 'absolute';
    this.box.style.width = '100%';
    this.box.style.height = '100%';
    this.canvas.style.position = 'absolute';
    this.canvas.style.transformOrigin = '0 0';
    this.crowd.className = 'kt-crowd';
    this.crowd.hidden = true;
    this.box.append(this.canvas, this.crowd);
  }

  update(view: LiveView): void {
    if (view.palette !== this.view.palette) this.sprites = null;
    this.view = view;
    this.dirty = true;
    this.changed();
  }

  redraw(): void {
    this.dirty = true;
    this.changed();
  }

  override render(frame: FrameState | null): HTMLElement | null {
    if (!frame) return null;
    const [w, h] = frame.size as [number, number];
    const { center, resolution } = frame.viewState;
    const [cx, cy] = center as [number, number];
    const moving = frame.viewHints[0]! > 0 || frame.viewHints[1]! > 0;
    const d = this.drawn;
    const same =
      d.cx === cx && d.cy === cy && d.resolution === resolution && d.w === w && d.h === h;
    const now = performance.now();
    const due = moving ? now - d.at > MOVE_MS : true;
    if ((this.dirty || !same) && due) {
      this.moving = moving;
      this.draw(cx, cy, resolution, w, h, frame.pixelRatio);
      this.drawn = { cx, cy, resolution, w, h, at: now };
      this.dirty = moving; // at rest it is drawn whole
      this.drawMs = performance.now() - now;
    }
    this.place(cx, cy, resolution, w, h);
    return this.box;
  }

  private place(cx: number, cy: number, resolution: number, w: number, h: number): void {
    const d = this.drawn;
    const k = d.resolution / resolution;
    const tx = (d.cx - cx) / resolution + w / 2 - (d.w / 2) * k - MARGIN * d.w * k;
    const ty = (cy - d.cy) / resolution + h / 2 - (d.h / 2) * k - MARGIN * d.h * k;
    this.canvas.style.transform =
      k === 1 ? `translate(${tx}px, ${ty}px)` : `matrix(${k}, 0, 0, ${k}, ${tx}, ${ty})`;
  }

  private draw(
    cx: number,
    cy: number,
    resolution: number,
    w: number,
    h: number,
    ratio: number,
  ): void {
    const cw = Math.round(w * (1 + 2 * MARGIN));
    const ch = Math.round(h * (1 + 2 * MARGIN));
    this.size = { w, h };
    if (this.canvas.width !== cw * ratio || this.canvas.height !== ch * ratio) {
      this.canvas.width = cw * ratio;
      this.canvas.height = ch * ratio;
      this.canvas.style.width = `${cw}px`;
      this.canvas.style.height = `${ch}px`;
    }
    const c = this.canvas.getContext('2d')!;
    c.setTransform(ratio, 0, 0, ratio, 0, 0);
    c.clearRect(0, 0, cw, ch);
    this.sprites ??= new Sprites(this.view.palette, ratio, this.view.factor);
    this.drawnResolution = resolution;
    this.far = this.scaleAt(resolution) > L1_SCALE;
    const placed = this.placeItems(cx, cy, resolution, cw, ch);
    this.hits = placed;
    for (const p of placed) this.stamp(c, p);
    this.label(c, placed, cw, ch, this.scaleAt(resolution));
  }

  /** The 1:n that decides what is shown; larger symbols count as a smaller scale. */
  private scaleAt(resolution: number): number {
    const scale = scaleOf(resolution) / this.view.factor;
    return this.view.overview && scale > L3_SCALE ? Math.max(scale, L1_SCALE + 1) : scale;
  }

  /** Items in sight at their pixels, in rising severity. */
  private placeItems(cx: number, cy: number, resolution: number, cw: number, ch: number): Placed[] {
    const { items, world, hidden, onlyAbnormal, selected, names, factor } = this.view;
    const worst = world.alarms.worstOfPoint.value;
    const scale = this.scaleAt(resolution);
    const levels: Placed[][] = [[], [], [], [], [], [], []];
    for (const item of items) {
      const offset = scale < L1_SCALE ? item.slot % SLOTS : 0;
      const row = scale < L1_SCALE ? Math.floor(item.slot / SLOTS) : 0;
      const x = (item.x - cx) / resolution + cw / 2 + offset * SLOT_X * factor;
      const y = (cy - item.y) / resolution + ch / 2 + row * SLOT_X * factor;
      if (x < -20 || y < -20 || x > cw + 20 || y > ch + 20) continue;
      const alarm = item.point ? worst.get(item.point.id) : undefined;
      const severity = severityOf(item, world, alarm);
      if (item.kind === 'label' && !(names && labelShows(item, scale, resolution))) continue;
      const chosen = item.point?.id === selected;
      if (item.kind !== 'label' && severity < 3 && !chosen) {
        if (hidden.has(item.group)) continue;
        if (onlyAbnormal && severity === 0) continue;
        if (scale > L1_SCALE && severity < 2 && !atL1(item)) continue;
      }
      levels[severity]!.push({ item, x, y, severity, alarm });
    }
    return levels.flat();
  }

  private stamp(c: CanvasRenderingContext2D, p: Placed): void {
    const { item, x, y } = p;
    const sprites = this.sprites!;
    const { world, palette, selected, lost, factor } = this.view;
    if (item.kind === 'label') return;
    let sprite: Sprite;
    const i = item.point?.i ?? -1;
    const v = i >= 0 ? world.points.v[i] : Number.NaN;
    const q = i >= 0 ? (world.points.q[i] ?? 11) : 0;
    if (item.kind === 'asset') {
      const known = i >= 0 && !codeIsBad(q) && !Number.isNaN(v);
      sprite = sprites.asset(item.glyph ?? '设', known ? (v! > 0 ? 'on' : 'off') : 'none');
      this.image(c, sprite, x, y);
    }
    if (p.alarm) {
      const unacked = p.alarm.state === 'unack' || p.alarm.state === 'rtn';
      sprite = sprites.alarm(p.alarm.priority, unacked, p.alarm.state === 'rtn');
      this.image(
        c,
        sprite,
        item.kind === 'asset' ? x + 14 * factor : x,
        item.kind === 'asset' ? y - 12 * factor : y,
      );
    } else if (item.kind === 'point') {
      const id = QUALITY[q]![0];
      const grade =
        lost || id === 'stale' || id === 'never'
          ? 'stale'
          : isFault(id)
            ? 'fault'
            : p.severity > 0
              ? 'special'
              : 'ok';
      if (this.far && grade === 'ok' && item.point!.id !== selected) {
        c.fillStyle = palette.line;
        c.fillRect(Math.round(x) - 2, Math.round(y) - 2, 4, 4);
      } else this.image(c, sprites.point(item.point!.kind, grade, (v ?? 0) > 0), x, y);
    }
    if (item.point?.id === selected) {
      c.beginPath();
      c.arc(x, y, 17 * factor, 0, 2 * Math.PI);
      c.lineWidth = 3 * factor;
      c.strokeStyle = palette.focus;
      c.stroke();
    }
  }

  private image(c: CanvasRenderingContext2D, sprite: Sprite, x: number, y: number): void {
    // whole pixels: a fractional place would be resampled, five times as slow
    const size = sprite.width / this.sprites!.ratio;
    const left = Math.round(x - size / 2);
    const top = Math.round(y - size / 2);
    if (this.sprites!.ratio === 1) c.drawImage(sprite, left, top);
    else c.drawImage(sprite, left, top, size, size);
  }

  /** The text beside an item at this scale, or nothing. */
  private textOf(p: Placed, scale: number): string {
    const { item } = p;
    const { world, site, selected, lost } = this.view;
    if (item.kind === 'label') return item.text ?? '';
    const chosen = item.point?.id === selected;
    const key = item.kind === 'asset' || KEY_GROUPS.has(item.group) || p.severity > 0;
    if (!chosen && p.severity < 3 && (scale > L1_SCALE || (scale > L3_SCALE && !key))) return '';
    if (!item.point) return item.text ?? '';
    const pt = item.point;
    const v = world.points.v[pt.i];
    const q = QUALITY[world.points.q[pt.i] ?? 11]![0];
    const head = item.kind === 'asset' ? item.text : site.shortOf(pt);
    if (v === undefined || Number.isNaN(v)) return `${head} –`;
    const unit = p.severity >= 3 || chosen ? site.unitOf(pt) : '';
    const value =
      pt.kind === 'switch' || pt.kind === 'output'
        ? site.word(pt, v)
        : num(v, decimalsOf(pt.resolution)) + unit;
    const feed = pt.kind === 'output' ? this.feedText(pt.feed) : '';
    return `${head} ${value}${lost ? '?' : ''}${qualitySign(q)}${feed}`;
  }

  /** What the load side says of a switch: the proof of a cut. */
  private feedText(feed: string | null | undefined): string {
    const f = feed ? this.view.site.pointById.get(feed) : undefined;
    const v = f ? this.view.world.points.v[f.i] : undefined;
    return f && v !== undefined && !Number.isNaN(v) ? `·${this.view.site.word(f, v)}` : '';
  }

  private label(
    c: CanvasRenderingContext2D,
    placed: readonly Placed[],
    cw: number,
    ch: number,
    scale: number,
  ): void {
    const room = new Occupancy(cw, ch);
    const { palette, factor, selected } = this.view;
    for (const p of placed) {
      if (p.item.kind !== 'label' && !(this.far && p.severity < 2))
        room.claim(p.x - 8 * factor, p.y - 8 * factor, 16 * factor, 16 * factor, true);
    }
    for (const b of this.covered())
      room.claim(b.x + MARGIN * this.size.w, b.y + MARGIN * this.size.h, b.w, b.h, true);
    this.labelCount = 0;
    this.searches = SEARCHES;
    let left = 0;
    c.textBaseline = 'middle';
    c.lineJoin = 'round';
    for (let n = placed.length - 1; n >= 0; n--) {
      const p = placed[n]!;
      const chosen = p.item.point?.id === selected;
      const p1 = p.severity === P1 && this.inSight(p);
      const force = chosen || (p1 && this.searches > 0);
      if (!force && !this.hasRoom(room, p)) {
        left += p1 ? 1 : 0;
        continue;
      }
      const alarm = p.severity >= 3;
      if (this.moving && !alarm && !chosen && this.labelCount > MOVING_LABELS) continue;
      const text = this.textOf(p, scale);
      if (!text) continue;
      const size = this.sizeOf(p) * factor;
      const font = `${alarm ? 'bold ' : ''}${size}px ${FONTS}`;
      const tw = this.widthOf(c, font, text);
      const spot = this.spot(room, p, tw, size, force, chosen);
      if (!spot) {
        left += p1 ? 1 : 0;
        continue;
      }
      this.labelCount += 1;
      c.font = font;
      if (force) this.lead(c, p, spot, tw);
      if (alarm) {
        c.fillStyle = palette.halo;
        c.fillRect(spot[0] - 3, spot[1] - size * 0.75, tw + 6, size * 1.5);
        c.strokeStyle = palette.outline;
        c.lineWidth = 1;
        c.strokeRect(spot[0] - 3, spot[1] - size * 0.75, tw + 6, size * 1.5);
      } else {
        c.strokeStyle = palette.halo;
        c.lineWidth = 3 * factor;
        c.strokeText(text, spot[0], spot[1]);
      }
      c.fillStyle = p.item.kind === 'label' ? palette.text2 : palette.text;
      c.fillText(text, spot[0], spot[1]);
    }
    this.crowd.hidden = left === 0;
    if (left > 0) this.crowd.textContent = t('map.crowd', { n: left });
  }

  /** A short label beside it would fit: most of a crowd is left out before its text is made. */
  private hasRoom(room: Occupancy, p: Placed): boolean {
    if (p.item.kind === 'label') return true;
    const f = this.view.factor;
    const gap = (p.severity >= 3 ? 15 : p.item.kind === 'asset' ? 14 : 9) * f;
    const [w, h] = [24 * f, 10 * f];
    return (
      room.free(p.x + gap, p.y - h / 2, w, h) ||
      room.free(p.x - gap - w, p.y - h / 2, w, h) ||
      room.free(p.x - w / 2, p.y - gap - 3 * f - h / 2, w, h) ||
      room.free(p.x - w / 2, p.y + gap + 3 * f - h / 2, w, h)
    );
  }

  /** Width of a text; the same few thousand come again and again. */
  private widthOf(c: CanvasRenderingContext2D, font: string, text: string): number {
    const key = `${font.slice(0, 8)}${text}`;
    let w = this.widths.get(key);
    if (w === undefined) {
      c.font = font;
      w = c.measureText(text).width;
      if (this.widths.size > WIDTHS_MAX) this.widths.clear();
      this.widths.set(key, w);
    }
    return w;
  }

  private sizeOf(p: Placed): number {
    const { item } = p;
    if (item.kind !== 'label') return p.severity >= 3 ? 13 : 12;
    const px = item.height_m ? item.height_m / this.drawnResolution / this.view.factor : item.size;
    return Math.min(18, Math.max(11, px ?? 12));
  }

  /** Right, left, above, below: the first that is free. Names stand centred on their place. */
  private spot(
    room: Occupancy,
    p: Placed,
    tw: number,
    size: number,
    force: boolean,
    chosen: boolean,
  ): [number, number] | null {
    const f = this.view.factor;
    const gap = (p.severity >= 3 ? 15 : p.item.kind === 'asset' ? 14 : 9) * f;
    const h = size * 1.3;
    const options: [number, number][] =
      p.item.kind === 'label'
        ? [
            [p.x - tw / 2, p.y],
            [p.x - tw / 2, p.y - 16 * f],
            [p.x - tw / 2, p.y + 18 * f],
          ]
        : [
            [p.x + gap, p.y],
            [p.x - gap - tw, p.y],
            [p.x - tw / 2, p.y - gap - 3 * f],
            [p.x - tw / 2, p.y + gap + 3 * f],
            [p.x + gap, p.y - 20 * f],
            [p.x + gap, p.y + 20 * f],
            [p.x - gap - tw, p.y - 20 * f],
            [p.x - gap - tw, p.y + 20 * f],
          ];
    for (const [x, y] of options) if (room.claim(x, y - h / 2, tw, h)) return [x, y];
    if (!force) return null;
    this.searches -= 1;
    const near = nearestSpot(room, p.x, p.y, tw, h, this.sightOf(p));
    if (near || !chosen) return near;
    const first = options[0]!;
    room.claim(first[0], first[1] - h / 2, tw, h, true);
    return first;
  }

  /** Where a label of this item may stand: in the view when the item is, else on the canvas. */
  private sightOf(p: Placed): Box {
    const { w, h } = this.size;
    return this.inSight(p)
      ? { x: MARGIN * w, y: MARGIN * h, w, h }
      : { x: 0, y: 0, w: w * (1 + 2 * MARGIN), h: h * (1 + 2 * MARGIN) };
  }

  /** Within the view, not only on the part of the canvas beyond its edges. */
  private inSight(p: Placed): boolean {
    const [x, y] = [p.x - MARGIN * this.size.w, p.y - MARGIN * this.size.h];
    return x >= 0 && y >= 0 && x <= this.size.w && y <= this.size.h;
  }

  /** A line from an item to its label, where that does not stand beside it. */
  private lead(c: CanvasRenderingContext2D, p: Placed, spot: [number, number], tw: number): void {
    const x = Math.max(spot[0], Math.min(p.x, spot[0] + tw));
    if (Math.hypot(x - p.x, spot[1] - p.y) < LEAD_PX * this.view.factor) return;
    c.beginPath();
    c.moveTo(p.x, p.y);
    c.lineTo(x, spot[1]);
    c.lineWidth = 1;
    c.strokeStyle = this.view.palette.outline;
    c.stroke();
  }

  /** The most urgent item near a pixel of the view. */
  hit(px: number, py: number): Item | null {
    const x = px + MARGIN * this.drawn.w;
    const y = py + MARGIN * this.drawn.h;
    let best: Placed | null = null;
    let score = Infinity;
    for (const p of this.hits) {
      if (p.item.kind === 'label') continue;
      const d = Math.hypot(p.x - x, p.y - y);
      if (d > HIT_PX) continue;
      const s = d - p.severity * 3;
      if (s < score) {
        score = s;
        best = p;
      }
    }
    return best?.item ?? null;
  }
}
