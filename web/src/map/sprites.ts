// SPDX-License-Identifier: Apache-2.0
/** Small pictures drawn once and stamped thousands of times. Shape says kind and severity. */
import { FAULT, FILLS, type Palette } from './palette';

export type Sprite = ImageBitmap;
type Draw = (c: OffscreenCanvasRenderingContext2D, r: number) => void;

const square: Draw = (c, r) => c.rect(-r, -r, 2 * r, 2 * r);
const circle: Draw = (c, r) => c.arc(0, 0, r, 0, 2 * Math.PI);
const triangle: Draw = (c, r) => {
  c.moveTo(0, -r * 1.1);
  c.lineTo(r * 1.15, r * 0.95);
  c.lineTo(-r * 1.15, r * 0.95);
  c.closePath();
};
const diamond: Draw = (c, r) => {
  c.moveTo(0, -r * 1.25);
  c.lineTo(r * 1.25, 0);
  c.lineTo(0, r * 1.25);
  c.lineTo(-r * 1.25, 0);
  c.closePath();
};

const SHAPE: Record<number, Draw> = { 1: square, 2: triangle, 3: circle, 4: diamond };
const BASE: Record<number, number> = { 1: 0, 2: 2, 3: 0, 4: 0 };

export class Sprites {
  private readonly cache = new Map<string, Sprite>();

  constructor(
    readonly palette: Palette,
    readonly ratio: number,
    readonly factor = 1,
  ) {}

  private make(
    key: string,
    half: number,
    draw: (c: OffscreenCanvasRenderingContext2D) => void,
  ): Sprite {
    const had = this.cache.get(key);
    if (had) return had;
    const size = Math.ceil(half * 2 * this.ratio * this.factor);
    const el = new OffscreenCanvas(size, size);
    const c = el.getContext('2d') as OffscreenCanvasRenderingContext2D;
    c.translate(size / 2, size / 2);
    c.scale(this.ratio * this.factor, this.ratio * this.factor);
    draw(c);
    // a bitmap is stamped without the snapshot that a canvas as source costs each time
    const bitmap = el.transferToImageBitmap();
    this.cache.set(key, bitmap);
    return bitmap;
  }

  /** An alarm: filled shape with digit; unacknowledged = double frame, standing still; over = pale. */
  alarm(priority: number, unacked: boolean, over: boolean): Sprite {
    return this.make(`a${priority}${unacked}${over}`, 17, (c) => {
      const { fill, glyph } = FILLS[priority]!;
      const shape = SHAPE[priority]!;
      if (unacked) {
        c.beginPath();
        shape(c, 12.5);
        c.lineWidth = 1.5;
        c.strokeStyle = this.palette.outline;
        c.stroke();
      }
      c.beginPath();
      shape(c, 9);
      if (over) {
        c.fillStyle = this.palette.halo;
        c.fill();
        c.globalAlpha = 0.3;
      }
      c.fillStyle = fill;
      c.fill();
      c.globalAlpha = 1;
      c.lineWidth = 2;
      c.strokeStyle = this.palette.outline;
      c.stroke();
      c.fillStyle = over ? this.palette.text : glyph;
      c.font = 'bold 12px sans-serif';
      c.textAlign = 'center';
      c.textBaseline = 'middle';
      c.fillText(String(priority), 0, 0.5 + BASE[priority]!);
    });
  }

  /** A sensor without alarm. */
  point(
    kind: 'analog' | 'switch' | 'counter' | 'output',
    grade: 'ok' | 'stale' | 'fault' | 'special',
    on: boolean,
  ): Sprite {
    return this.make(`p${kind}${grade}${on}`, 9, (c) => {
      const p = this.palette;
      if (grade === 'fault') {
        c.beginPath();
        circle(c, 6.5);
        c.fillStyle = FAULT.fill;
        c.fill();
        c.strokeStyle = p.outline;
        c.lineWidth = 1.5;
        c.stroke();
        c.strokeStyle = FAULT.glyph;
        c.beginPath();
        c.moveTo(-3, -3);
        c.lineTo(3, 3);
        c.moveTo(3, -3);
        c.lineTo(-3, 3);
        c.stroke();
        return;
      }
      if (grade === 'stale') {
        c.fillStyle = p.text2;
        c.font = 'bold 12px sans-serif';
        c.textAlign = 'center';
        c.textBaseline = 'middle';
        c.fillText('?', 0, 0);
        return;
      }
      c.beginPath();
      if (kind === 'analog' || kind === 'counter') circle(c, 3.6);
      else square(c, kind === 'output' ? 5 : 3.8);
      c.fillStyle = kind === 'analog' || kind === 'counter' ? p.text2 : on ? p.running : p.stopped;
      c.fill();
      c.lineWidth = 1.2;
      c.strokeStyle = grade === 'special' ? p.text : p.outline;
      if (grade === 'special') c.setLineDash([2, 1.5]);
      c.stroke();
    });
  }

  /** An asset: a box with one character; running = light fill, stopped = dark fill. */
  asset(glyph: string, state: 'on' | 'off' | 'none'): Sprite {
    return this.make(`s${glyph}${state}`, 13, (c) => {
      const p = this.palette;
      c.beginPath();
      square(c, 10);
      c.fillStyle = state === 'on' ? p.running : state === 'off' ? p.stopped : p.halo;
      c.fill();
      c.lineWidth = 1.5;
      c.strokeStyle = p.outline;
      c.stroke();
      c.fillStyle = state === 'on' ? '#1b1f24' : state === 'off' ? '#ffffff' : p.text;
      c.font = '13px sans-serif';
      c.textAlign = 'center';
      c.textBaseline = 'middle';
      c.fillText(glyph, 0, 1);
    });
  }
}
