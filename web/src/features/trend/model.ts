// SPDX-License-Identifier: Apache-2.0
/**
 * What the trend screen shows: points, the span, pieces of history, marks. The plot reads it while
 * drawing; the components read its signals.
 */
import { batch, signal } from '@preact/signals';
import { api } from '../../api/client';
import type { Alarm, HistorySeries, PointInfo } from '../../api/model';
import type { LimitChange, LimitName, PointRecords } from '../../api/records';
import { site } from '../../api/site';
import { world } from '../../api/world';
import { errorText } from '../../ui/Toast';
import { plan, satisfied, widthFor } from './fetching';
import { keep, type Segment, segmentOf } from './segments';

export type Mode = 'split' | 'one' | 'norm';
export interface View {
  from: number;
  to: number;
  /** The right edge is the present. */
  follow: boolean;
}

export interface LimitLine {
  name: LimitName;
  /** Value from a moment on; the first holds from ever. */
  steps: { at: number; value: number }[];
}

/** A limit's steps in time: what the pack gives, then each change that two persons made. */
export function limitLines(
  pack: Partial<Record<LimitName, number>>,
  changes: readonly LimitChange[],
): LimitLine[] {
  return (Object.entries(pack) as [LimitName, unknown][]).flatMap(([name, value]) => {
    if (typeof value !== 'number') return [];
    const own = changes.filter((c) => c.name === name).sort((a, b) => a.at - b.at);
    const first = own[0]?.before ?? value;
    return [
      {
        name,
        steps: [
          { at: Number.NEGATIVE_INFINITY, value: first },
          ...own.map((c) => ({ at: c.at, value: c.value })),
        ],
      },
    ];
  });
}

export const POINTS_MAX = 16;
const SETTLE_MS = 120;
const REFRESH_MS = 60_000;
export const MARKS_SPAN_MS = 40 * 86_400_000;
const LEAST_SPAN_MS = 200;
const MOST_SPAN_MS = 20 * 365 * 86_400_000;

interface Tail {
  t: number[];
  v: number[];
  q: string[];
}

export interface Forecast {
  point: string;
  at: number;
  until: number;
  value: number | null;
  low: number | null;
  high: number | null;
  text: string;
}

export class Trend {
  readonly points = signal<readonly PointInfo[]>([]);
  /** What this trend wrote into the address itself; only another wish is followed. */
  addressed = '';
  readonly view = signal<View>({ from: 0, to: 0, follow: true });
  readonly mode = signal<Mode>('split');
  /** ms that the compared span lies before; 0: none. */
  readonly compare = signal(0);
  readonly hidden = signal<ReadonlySet<string>>(new Set());
  /** Grows when there is something new to draw. */
  readonly version = signal(0);
  readonly busy = signal(false);
  readonly error = signal('');
  readonly tookMs = signal(0);
  readonly marks = signal<readonly Alarm[]>([]);
  /** Cross-hair: where the pointer is, and up to two moments held. */
  readonly hover = signal<number | null>(null);
  readonly held = signal<readonly number[]>([]);
  readonly yZoom = new Map<string, [number, number]>();
  /** What methane is expected to reach; shown as such, and nothing goes by it. */
  readonly forecasts = signal<ReadonlyMap<string, Forecast>>(new Map());
  readonly limits = signal<ReadonlyMap<string, readonly LimitLine[]>>(new Map());

  /** By point: where the part from the long history ends, as the last reading said. */
  readonly old = new Map<string, NonNullable<HistorySeries['old']>>();

  private readonly segs = new Map<string, Segment[]>();
  private readonly tails = new Map<string, Tail>();
  private readonly back: View[] = [];
  readonly canBack = signal(false);
  private pushedAt = 0;
  private px = 800;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private asked = 0;
  private refreshedAt = 0;
  private marksKey = '';

  private key(id: string, shift: number): string {
    return `${id} ${shift}`;
  }

  now(): number {
    return world.value.now.peek();
  }

  // --- points ---

  setPoints(ids: readonly string[]): void {
    const list = ids
      .map((id) => site.peek().pointById.get(id))
      .filter((p): p is PointInfo => p !== undefined)
      .slice(0, POINTS_MAX);
    this.points.value = list;
    for (const p of list) {
      void this.readLimits(p);
      this.listen(p);
    }
    this.changed();
  }

  add(p: PointInfo): void {
    if (this.points.value.some((o) => o.id === p.id)) return;
    this.setPoints([...this.points.value.map((o) => o.id), p.id]);
  }

  remove(id: string): void {
    this.setPoints(this.points.value.map((o) => o.id).filter((o) => o !== id));
  }

  private async readLimits(p: PointInfo): Promise<void> {
    if (p.kind !== 'analog' || this.limits.value.has(p.id)) return;
    try {
      const d = await api.get<PointRecords>(`/points/${encodeURIComponent(p.id)}`);
      const lines = limitLines(d.pack_limits ?? {}, d.limits ?? []);
      this.limits.value = new Map(this.limits.value).set(p.id, lines);
      this.version.value += 1;
    } catch {
      // without its limits the curve is still true
    }
  }

  /** After a limit was changed: read it anew. */
  forgetLimits(id: string): void {
    const next = new Map(this.limits.value);
    next.delete(id);
    this.limits.value = next;
    const p = this.points.value.find((o) => o.id === id);
    if (p) void this.readLimits(p);
  }

  // --- the live end ---

  private listen(p: PointInfo): void {
    if (this.tails.has(p.id)) return;
    this.tails.set(p.id, { t: [], v: [], q: [] });
    this.hear();
  }

  /** Takes the present readings of the shown points; called with each batch of the stream. */
  hear(): void {
    const table = world.peek().points;
    for (const p of this.points.peek()) {
      const tail = this.tails.get(p.id);
      const r = table.peek(p.i);
      if (!tail || r.q === 'never' || r.t <= (tail.t[tail.t.length - 1] ?? 0)) continue;
      tail.t.push(r.t);
      tail.v.push(r.v ?? Number.NaN);
      tail.q.push(r.q);
      if (tail.t.length > 20_000) for (const a of [tail.t, tail.v, tail.q]) a.splice(0, 5_000);
    }
    if (this.view.peek().follow) this.tick();
  }

  /** The other world, or another moment of the past: nothing that was heard holds. */
  turn(): void {
    this.tails.clear();
    for (const p of this.points.peek()) this.tails.set(p.id, { t: [], v: [], q: [] });
    this.segs.clear();
    const { from, to, follow } = this.view.peek();
    if (follow) this.show({ from: this.now() - (to - from), to: this.now(), follow }, false);
    else this.changed();
  }

  private tick(): void {
    const { from, to } = this.view.peek();
    const now = this.now();
    if (now <= to) return;
    this.view.value = { from: now - (to - from), to: now, follow: true };
    this.version.value += 1;
    if (performance.now() - this.refreshedAt > REFRESH_MS) {
      this.refreshedAt = performance.now();
      this.later(true);
    }
  }

  private tailSegment(p: PointInfo): Segment | null {
    const tail = this.tails.get(p.id);
    if (!tail || tail.t.length === 0) return null;
    const s: HistorySeries = { id: p.id, t: tail.t, v: tail.v, q: tail.q };
    const seg = segmentOf(s, tail.t[0]!, Math.max(this.now(), tail.t[tail.t.length - 1]!) + 1, 0);
    // a value that does not change is not sent: what was heard holds
    seg.gap = Math.max(seg.gap, 60_000);
    return seg;
  }

  segments(p: PointInfo, shift = 0): readonly Segment[] {
    const list = this.segs.get(this.key(p.id, shift)) ?? [];
    const tail = shift ? null : this.tailSegment(p);
    return tail ? [...list, tail] : list;
  }

  // --- the span ---

  show(v: View, remember = true): void {
    const old = this.view.peek();
    const now = this.now();
    const span = Math.min(MOST_SPAN_MS, Math.max(LEAST_SPAN_MS, v.to - v.from));
    const to = Math.min(v.to, now + span * 0.25);
    const next = { from: to - span, to, follow: v.follow };
    if (remember && old.to > 0) {
      const t = performance.now();
      if (t - this.pushedAt > 600) this.back.push(old);
      this.pushedAt = t;
      if (this.back.length > 50) this.back.shift();
    }
    batch(() => {
      this.view.value = next;
      this.canBack.value = this.back.length > 0;
    });
    this.changed();
  }

  /** Zooms around a moment; leaving the present is leaving `follow`. */
  zoom(factor: number, at: number): void {
    const { from, to, follow } = this.view.peek();
    if (follow) {
      const span = (to - from) * factor;
      this.show({ from: to - span, to, follow: true });
      return;
    }
    this.show({ from: at - (at - from) * factor, to: at + (to - at) * factor, follow: false });
  }

  pan(ms: number): void {
    const { from, to } = this.view.peek();
    this.show({ from: from + ms, to: to + ms, follow: false });
  }

  goBack(): void {
    const v = this.back.pop();
    this.canBack.value = this.back.length > 0;
    if (!v) return;
    const now = this.now();
    this.show(v.follow ? { from: now - (v.to - v.from), to: now, follow: true } : v, false);
  }

  followNow(spanMs = this.view.peek().to - this.view.peek().from): void {
    const now = this.now();
    this.show({ from: now - spanMs, to: now, follow: true });
  }

  setWidth(px: number): void {
    if (Math.abs(px - this.px) < 2) return;
    this.px = px;
    this.later();
  }

  setCompare(ms: number): void {
    this.compare.value = ms;
    this.changed();
  }

  // --- reading ---

  private changed(): void {
    this.version.value += 1;
    this.later();
  }

  private later(anew = false): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.read(anew), SETTLE_MS);
  }

  private async read(anew: boolean): Promise<void> {
    const { from, to } = this.view.peek();
    const now = this.now();
    if (now === 0 || to <= from) return;
    void this.readMarks();
    const mine = ++this.asked;
    const shifts = this.compare.peek() ? [0, this.compare.peek()] : [0];
    const t0 = performance.now();
    try {
      for (const shift of shifts) await this.readShift(from, to, now, shift, anew);
      if (mine === this.asked) this.error.value = '';
    } catch (e) {
      if (mine === this.asked) this.error.value = errorText(e);
    }
    if (mine === this.asked) {
      this.busy.value = false;
      this.tookMs.value = performance.now() - t0;
    }
  }

  private async readShift(
    from: number,
    to: number,
    now: number,
    shift: number,
    anew: boolean,
  ): Promise<void> {
    const width = widthFor(to - from, this.px);
    const end = Math.min(to, now);
    const missing = this.points.peek().filter((p) => {
      const segs = this.segs.get(this.key(p.id, shift)) ?? [];
      return anew || !satisfied(segs, from - shift, Math.min(end - shift, to), width);
    });
    // the live end is heard, not read: a piece that reached the present when it was read is enough
    const need = anew ? missing : missing.filter((p) => !this.endsLive(p, shift, from, width));
    if (need.length === 0) return;
    this.busy.value = true;
    const ask = plan(from - shift, to - shift, this.px, now);
    const r = await api.get<{ points: (HistorySeries & { cut?: boolean })[] }>('/history', {
      points: need.map((p) => p.id),
      from: ask.from,
      to: ask.to,
      buckets: ask.buckets,
    });
    for (const s of r.points) {
      const last = s.t[s.t.length - 1];
      if (s.old) this.old.set(s.id, s.old);
      const known = s.cut && last !== undefined ? last : Math.min(ask.to, now);
      const k = this.key(s.id, shift);
      // what the long history did not answer is asked again
      if (s.old?.away && ask.to <= s.old.before) continue;
      this.segs.set(k, keep(this.segs.get(k) ?? [], segmentOf(s, ask.from, known, ask.width)));
    }
    this.version.value += 1;
  }

  private endsLive(p: PointInfo, shift: number, from: number, width: number): boolean {
    if (shift || !this.view.peek().follow) return false;
    const tail = this.tails.get(p.id)?.t[0];
    const segs = this.segs.get(this.key(p.id, 0)) ?? [];
    return tail !== undefined && satisfied(segs, from, tail, width);
  }

  private async readMarks(): Promise<void> {
    const { from, to } = this.view.peek();
    const span = to - from;
    if (span > MARKS_SPAN_MS) {
      this.marks.value = [];
      this.marksKey = '';
      return;
    }
    const step = Math.max(60_000, span / 8);
    const a = Math.floor((from - span * 0.2) / step) * step;
    // an alarm stands under the time of its end: look a day further than the view
    const b = Math.min(this.now(), Math.ceil((to + Math.max(span, 86_400_000)) / step) * step);
    const key = `${Math.round(a)} ${Math.round(b / 60_000)}`;
    if (key === this.marksKey || b <= a) return;
    this.marksKey = key;
    try {
      const r = await api.get<{ items: Alarm[] }>('/alarms', {
        state: 'history',
        from: Math.round(a),
        to: Math.round(b),
        limit: 5000,
      });
      this.marks.value = r.items;
      this.version.value += 1;
    } catch {
      this.marks.value = [];
    }
  }

  /** Alarms of the shown points, those that stand now included. */
  alarms(): Alarm[] {
    const { from, to } = this.view.peek();
    if (to - from > MARKS_SPAN_MS) return [];
    const ids = new Set(this.points.peek().map((p) => p.id));
    const seen = new Map<number, Alarm>();
    for (const a of this.marks.peek()) if (ids.has(a.point)) seen.set(a.id, a);
    for (const a of world.peek().alarms.list.peek()) if (ids.has(a.point)) seen.set(a.id, a);
    return [...seen.values()].sort((a, b) => a.raised - b.raised);
  }

  // --- the cross-hair ---

  /** First the moment A, then B, then A anew. */
  hold(at: number): void {
    const h = this.held.peek();
    this.held.value = h.length === 1 ? [h[0]!, at] : [at];
  }

  stop(): void {
    clearTimeout(this.timer);
    this.asked += 1;
  }
}
