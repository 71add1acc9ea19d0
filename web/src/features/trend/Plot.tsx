// SPDX-License-Identifier: Apache-2.0
/** The canvas pair of the trend: the picture below, cross-hair and selection above it. */
import { effect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { fullStamp, span } from '../../app/format';
import { lang } from '../../app/i18n';
import { theme } from '../../app/prefs';
import { token } from '../../ui/tokens';
import { draw, type Ink, type Layout, layout, penFor } from './draw';
import type { Trend } from './model';
import { t } from './texts';

const DRAG_PX = 5;
const WHEEL = 1.25;
const FIELDS = 12;

interface Drag {
  x: number;
  what: 'select' | 'pan';
  from: number;
  to: number;
  moved: boolean;
}

function inks(): Ink {
  const known = new Map<string, string>();
  return (name) => {
    let v = known.get(name);
    if (v === undefined) {
      v = token(name);
      known.set(name, v);
    }
    return v;
  };
}

export interface PlotHandle {
  png: (title: string, lines: readonly string[]) => Promise<Blob | null>;
}

/** Owns both canvases and everything the pointer does; drawn at most once a frame. */
class Painter {
  l: Layout;
  private ink = inks();
  private frame = 0;
  private over = 0;
  private drag: Drag | null = null;
  private dragX = 0;
  private readonly off: (() => void)[] = [];

  constructor(
    readonly box: HTMLElement,
    readonly base: HTMLCanvasElement,
    readonly top: HTMLCanvasElement,
    readonly trend: Trend,
    readonly onDrawn: (n: number) => void,
  ) {
    this.l = layout(trend, 600, 300);
    const ro = new ResizeObserver(() => this.resize());
    ro.observe(box);
    this.off.push(() => ro.disconnect());
    this.off.push(
      effect(() => {
        trend.version.value;
        trend.view.value;
        trend.mode.value;
        trend.hidden.value;
        trend.forecasts.value;
        theme.value;
        lang.value;
        this.paint();
      }),
      effect(() => {
        trend.hover.value;
        trend.held.value;
        this.paintOver();
      }),
    );
    const wheel = (e: WheelEvent) => this.onWheel(e);
    top.addEventListener('wheel', wheel, { passive: false });
    this.off.push(() => top.removeEventListener('wheel', wheel));
  }

  done(): void {
    cancelAnimationFrame(this.frame);
    cancelAnimationFrame(this.over);
    for (const f of this.off) f();
  }

  private size(): { w: number; h: number } {
    return { w: this.box.clientWidth || 600, h: this.box.clientHeight || 300 };
  }

  private resize(): void {
    const { w, h } = this.size();
    for (const c of [this.base, this.top]) {
      c.width = Math.round(w * devicePixelRatio);
      c.height = Math.round(h * devicePixelRatio);
    }
    this.paint();
  }

  private paint(): void {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.ink = inks();
      const { w, h } = this.size();
      this.l = layout(this.trend, w, h);
      this.trend.setWidth(this.l.width);
      const c = this.base.getContext('2d')!;
      c.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
      this.onDrawn(draw(penFor(c, this.l, this.trend, this.ink), t('events'), { w, h }));
      this.paintOver();
    });
  }

  private paintOver(): void {
    if (this.over) return;
    this.over = requestAnimationFrame(() => {
      this.over = 0;
      this.drawOver();
    });
  }

  private drawOver(): void {
    const { w, h } = this.size();
    const c = this.top.getContext('2d')!;
    c.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    c.clearRect(0, 0, w, h);
    const { l, trend, ink } = this;
    const pen = penFor(c, l, trend, ink);
    const [a, b] = trend.held.peek();
    if (a !== undefined && b !== undefined) {
      c.fillStyle = ink('--shade');
      c.fillRect(pen.x(Math.min(a, b)), FIELDS, Math.abs(pen.x(b) - pen.x(a)), l.axisTop - FIELDS);
    }
    for (const [i, at] of trend.held.peek().entries()) {
      this.line(c, pen.x(at), 'AB'[i]!, fullStamp(at), true);
    }
    const hover = trend.hover.peek();
    if (hover !== null && !this.drag) this.line(c, pen.x(hover), '', fullStamp(hover), false);
    if (this.drag?.moved && this.drag.what === 'select') this.selection(c);
  }

  private line(
    c: CanvasRenderingContext2D,
    x: number,
    name: string,
    text: string,
    held: boolean,
  ): void {
    const { l, ink } = this;
    if (x < l.left - 1 || x > l.left + l.width + 1) return;
    c.strokeStyle = ink('--focus');
    c.lineWidth = held ? 1.6 : 1;
    c.beginPath();
    c.moveTo(Math.round(x) + 0.5, FIELDS);
    c.lineTo(Math.round(x) + 0.5, l.axisTop);
    c.stroke();
    const words = `${name ? `${name} ` : ''}${text}`;
    c.font = '11px system-ui, sans-serif';
    const room = c.measureText(words).width + 8;
    const left = Math.min(Math.max(x - room / 2, l.left), l.left + l.width - room);
    const y = held ? l.axisTop + 1 : 0;
    c.fillStyle = ink('--focus');
    c.fillRect(left, y, room, 15);
    c.fillStyle = ink('--on-focus');
    c.textBaseline = 'middle';
    c.textAlign = 'left';
    c.fillText(words, left + 4, y + 8);
  }

  private selection(c: CanvasRenderingContext2D): void {
    const { l, ink } = this;
    const a = Math.max(l.left, Math.min(this.drag!.x, this.dragX));
    const b = Math.min(l.left + l.width, Math.max(this.drag!.x, this.dragX));
    c.fillStyle = ink('--shade');
    c.fillRect(a, FIELDS, b - a, l.axisTop - FIELDS);
    c.strokeStyle = ink('--focus');
    c.lineWidth = 1;
    c.strokeRect(a + 0.5, FIELDS, b - a, l.axisTop - FIELDS);
    c.fillStyle = ink('--text');
    c.font = '12px system-ui, sans-serif';
    c.textAlign = 'center';
    c.textBaseline = 'top';
    c.fillText(span(this.timeAt(b) - this.timeAt(a)), (a + b) / 2, FIELDS + 4);
  }

  timeAt(x: number): number {
    const { from, to } = this.trend.view.peek();
    return from + ((x - this.l.left) / this.l.width) * (to - from);
  }

  private at(e: PointerEvent | WheelEvent | MouseEvent): [number, number] {
    const r = this.top.getBoundingClientRect();
    return [e.clientX - r.left, e.clientY - r.top];
  }

  private onWheel(e: WheelEvent): void {
    e.preventDefault();
    const [x, y] = this.at(e);
    const factor = e.deltaY > 0 ? WHEEL : 1 / WHEEL;
    const { from, to } = this.trend.view.peek();
    if (x < this.l.left || x > this.l.left + this.l.width) this.wheelAxis(y, factor);
    else if (e.shiftKey) this.trend.pan(((to - from) / 10) * Math.sign(e.deltaY || e.deltaX));
    else this.trend.zoom(factor, this.timeAt(x));
  }

  private wheelAxis(y: number, factor: number): void {
    const p = this.l.panels.find((q) => y >= q.top && y <= q.top + q.height);
    if (!p) return;
    const at = p.lo + ((p.top + p.height - y) / p.height) * (p.hi - p.lo);
    this.trend.yZoom.set(p.unit, [at - (at - p.lo) * factor, at + (p.hi - at) * factor]);
    this.trend.version.value += 1;
  }

  down(e: PointerEvent): void {
    if (e.button > 1) return;
    const [x, y] = this.at(e);
    this.top.setPointerCapture(e.pointerId);
    const { from, to } = this.trend.view.peek();
    const pan = e.button === 1 || e.shiftKey || y > this.l.axisTop;
    this.drag = { x, what: pan ? 'pan' : 'select', from, to, moved: false };
    this.dragX = x;
  }

  move(e: PointerEvent): void {
    const [x] = this.at(e);
    const inside = x >= this.l.left && x <= this.l.left + this.l.width;
    this.trend.hover.value = inside ? this.timeAt(x) : null;
    const d = this.drag;
    if (!d) return;
    this.dragX = x;
    d.moved ||= Math.abs(x - d.x) > DRAG_PX;
    if (d.moved && d.what === 'pan') {
      const ms = ((d.x - x) / this.l.width) * (d.to - d.from);
      this.trend.show({ from: d.from + ms, to: d.to + ms, follow: false });
    }
    this.paintOver();
  }

  up(e: PointerEvent): void {
    const d = this.drag;
    this.drag = null;
    if (!d) return;
    const [x, y] = this.at(e);
    if (!d.moved && e.button === 0 && y < this.l.axisTop && x >= this.l.left) {
      this.trend.hold(this.timeAt(x));
    } else if (d.moved && d.what === 'select') {
      const clamp = (v: number) => Math.min(this.l.left + this.l.width, Math.max(this.l.left, v));
      const [a, b] = [this.timeAt(clamp(Math.min(d.x, x))), this.timeAt(clamp(Math.max(d.x, x)))];
      if (b > a) this.trend.show({ from: a, to: b, follow: false });
    }
    this.paintOver();
  }

  /** A double click: back; on a value axis: its range is found anew. */
  twice(e: MouseEvent): void {
    const [x] = this.at(e);
    this.trend.held.value = [];
    if (x < this.l.left || x > this.l.left + this.l.width) {
      this.trend.yZoom.clear();
      this.trend.version.value += 1;
    } else {
      this.trend.goBack();
    }
  }

  key(e: KeyboardEvent): void {
    const { trend } = this;
    const { from, to } = trend.view.peek();
    const px = (to - from) / this.l.width;
    const dir = e.key === 'ArrowLeft' ? -1 : e.key === 'ArrowRight' ? 1 : 0;
    const at = trend.hover.peek() ?? trend.held.peek()[0] ?? (from + to) / 2;
    if (dir && e.shiftKey) trend.pan(((to - from) / 10) * dir);
    else if (dir)
      trend.hover.value = Math.min(to, Math.max(from, at + dir * px * (e.ctrlKey ? 1 : 8)));
    else if (e.key === '+' || e.key === '=') trend.zoom(1 / (WHEEL * WHEEL), at);
    else if (e.key === '-') trend.zoom(WHEEL * WHEEL, at);
    else if (e.key === 'Enter') trend.hold(at);
    else if (e.key === 'Backspace') trend.goBack();
    else if (e.key === 'Escape' && trend.held.peek().length) trend.held.value = [];
    else return;
    e.preventDefault();
    e.stopPropagation();
  }

  /** The picture as a file, with its title and the values of the side table below it. */
  png(title: string, lines: readonly string[]): Promise<Blob | null> {
    const { w, h } = this.size();
    const head = 26;
    const foot = 8 + lines.length * 17;
    const out = document.createElement('canvas');
    out.width = Math.round(w * devicePixelRatio);
    out.height = Math.round((h + head + foot) * devicePixelRatio);
    const c = out.getContext('2d')!;
    c.fillStyle = this.ink('--panel');
    c.fillRect(0, 0, out.width, out.height);
    const y0 = Math.round(head * devicePixelRatio);
    c.drawImage(this.base, 0, y0);
    c.drawImage(this.top, 0, y0);
    c.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    c.fillStyle = this.ink('--text');
    c.textBaseline = 'alphabetic';
    c.font = '600 13px system-ui, sans-serif';
    c.fillText(title, 10, 18);
    c.font = '12px system-ui, sans-serif';
    for (const [i, s] of lines.entries()) c.fillText(s, 10, h + head + 16 + i * 17);
    return new Promise((done) => out.toBlob(done, 'image/png'));
  }
}

interface PlotProps {
  trend: Trend;
  onDrawn: (n: number) => void;
  handle: { current: PlotHandle | null };
}

export function Plot({ trend, onDrawn, handle }: PlotProps) {
  const box = useRef<HTMLDivElement>(null);
  const base = useRef<HTMLCanvasElement>(null);
  const top = useRef<HTMLCanvasElement>(null);
  const painter = useRef<Painter | null>(null);
  const drawn = useRef(onDrawn);
  drawn.current = onDrawn;
  useEffect(() => {
    const p = new Painter(box.current!, base.current!, top.current!, trend, (n) =>
      drawn.current(n),
    );
    painter.current = p;
    handle.current = { png: (title, lines) => p.png(title, lines) };
    return () => {
      p.done();
      handle.current = null;
    };
  }, [trend, handle]);
  return (
    <div
      ref={box}
      class="trend-plot"
      role="application"
      aria-label={t('plot')}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the plot is worked by keys
      tabIndex={0}
      onKeyDown={(e) => painter.current?.key(e)}
    >
      <canvas ref={base} />
      <canvas
        ref={top}
        onPointerDown={(e) => painter.current?.down(e)}
        onPointerMove={(e) => painter.current?.move(e)}
        onPointerUp={(e) => painter.current?.up(e)}
        onPointerLeave={() => {
          trend.hover.value = null;
        }}
        onDblClick={(e) => painter.current?.twice(e)}
      />
    </div>
  );
}
