// SPDX-License-Identifier: Apache-2.0
/** The alarms that are not over, kept from the list at start and the stream after it. */
import { computed, type ReadonlySignal, signal } from '@preact/signals';
import type { Alarm, Priority } from './model';

export const isActive = (a: Alarm) => a.state === 'unack' || a.state === 'ack' || a.state === 'rtn';
export const isUnacked = (a: Alarm) => a.state === 'unack' || a.state === 'rtn';

const over = (a: Alarm) => (a.state === 'rtn' ? 1 : 0);

/** When it was over, epoch ms; null while it stands, also when it came again. */
export function overAt(a: Alarm): number | null {
  return a.state === 'rtn' || a.state === 'normal' ? (a.cleared ?? null) : null;
}

/** Worst first; inside a priority what still stands before what is over, then the oldest. */
export function byUrgency(a: Alarm, b: Alarm): number {
  return a.priority - b.priority || over(a) - over(b) || a.raised - b.raised || a.id - b.id;
}

export class AlarmBook {
  private readonly byId = new Map<number, Alarm>();
  private readonly version = signal(0);
  private readonly listeners = new Set<(a: Alarm) => void>();
  /** Worst live alarm of each point: what the map draws. */
  readonly worstOfPoint: ReadonlySignal<Map<string, Alarm>>;
  readonly list: ReadonlySignal<readonly Alarm[]>;
  readonly active: ReadonlySignal<readonly Alarm[]>;
  readonly unacked: ReadonlySignal<readonly Alarm[]>;
  readonly counts: ReadonlySignal<Record<Priority, number>>;

  constructor() {
    this.list = computed(() => {
      this.version.value;
      return [...this.byId.values()].sort(byUrgency);
    });
    this.active = computed(() => this.list.value.filter(isActive));
    this.unacked = computed(() => this.active.value.filter(isUnacked));
    this.counts = computed(() => {
      const n: Record<Priority, number> = { 1: 0, 2: 0, 3: 0, 4: 0 };
      for (const a of this.active.value) n[a.priority] += 1;
      return n;
    });
    this.worstOfPoint = computed(() => {
      const m = new Map<string, Alarm>();
      for (const a of this.active.value) if (!m.has(a.point)) m.set(a.point, a);
      return m;
    });
  }

  replace(alarms: readonly Alarm[]): void {
    this.byId.clear();
    for (const a of alarms) if (a.state !== 'normal') this.byId.set(a.id, a);
    this.version.value += 1;
  }

  /** One change from the stream. A change may carry less than the list did: names stay. */
  apply(change: Alarm): void {
    const known = this.byId.get(change.id);
    const merged = { ...known, ...change };
    if (change.state === 'normal') this.byId.delete(change.id);
    else this.byId.set(change.id, merged);
    this.version.value += 1;
    for (const f of this.listeners) f(merged);
  }

  get(id: number): Alarm | undefined {
    this.version.value;
    return this.byId.get(id);
  }

  onChange(f: (a: Alarm) => void): () => void {
    this.listeners.add(f);
    return () => this.listeners.delete(f);
  }
}
