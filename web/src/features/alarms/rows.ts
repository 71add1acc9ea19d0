// SPDX-License-Identifier: Apache-2.0
/** Which alarms the list shows, in which order, folded by cause. Pure, for tests. */
import { isActive, isUnacked, overAt } from '../../api/alarms';
import type { Alarm, AlarmState, Priority } from '../../api/model';
import type { SiteModel } from '../../api/site';

export const TABS = ['active', 'shelved', 'suppressed', 'oos', 'history'] as const;
export type Tab = (typeof TABS)[number];

export interface Filter {
  priorities: ReadonlySet<Priority>;
  group: string;
  place: string;
  unacked: boolean;
  q: string;
}

export function readFilter(query: Record<string, string>): Filter {
  const list = (query.priority ?? '').split(',').map(Number);
  return {
    priorities: new Set(list.filter((n): n is Priority => n >= 1 && n <= 4)),
    group: query.group ?? '',
    place: query.place ?? '',
    unacked: query.unacked === '1',
    q: (query.q ?? '').trim().toLowerCase(),
  };
}

const TAB_STATE: Record<Exclude<Tab, 'active' | 'history'>, AlarmState> = {
  shelved: 'shelved',
  suppressed: 'suppressed',
  oos: 'oos',
};

export function inTab(a: Alarm, tab: Tab): boolean {
  if (tab === 'history') return true;
  return tab === 'active' ? isActive(a) : a.state === TAB_STATE[tab];
}

export function groupOf(a: Alarm, s: SiteModel): string {
  const p = s.pointById.get(a.point);
  return p ? s.groupOf(p) : 'other';
}

export function keeps(f: Filter, s: SiteModel): (a: Alarm) => boolean {
  const places = f.place ? s.below(f.place) : null;
  return (a) => {
    if (f.priorities.size > 0 && !f.priorities.has(a.priority)) return false;
    if (f.unacked && !isUnacked(a)) return false;
    if (places && !places.has(a.place)) return false;
    if (f.group && groupOf(a, s) !== f.group) return false;
    if (!f.q) return true;
    const text = `${a.point} ${s.alarmName(a)} ${s.alarmTitle(a)} ${s.alarmPlace(a)}`;
    return text.toLowerCase().includes(f.q);
  };
}

/** How long it stands or stood, in ms; one that came again while unacknowledged stands. */
export function lasted(a: Alarm, now: number): number {
  return (overAt(a) ?? now) - a.raised;
}

export interface Row {
  alarm: Alarm;
  /** Alarms of the same cause that came later; only on the first of them. */
  followers: number;
  /** A follower shown under its first. */
  child: boolean;
}

/** Folds alarms of one cause under the first that is in the list. */
export function fold(alarms: readonly Alarm[], open: ReadonlySet<number>, on: boolean): Row[] {
  if (!on) return alarms.map((alarm) => ({ alarm, followers: 0, child: false }));
  const ids = new Set(alarms.map((a) => a.id));
  const children = new Map<number, Alarm[]>();
  const tops: Alarm[] = [];
  for (const a of alarms) {
    const first = a.first_out;
    if (first && first !== a.id && ids.has(first)) {
      children.set(first, [...(children.get(first) ?? []), a]);
    } else tops.push(a);
  }
  const out: Row[] = [];
  for (const a of tops) {
    const kids = children.get(a.id) ?? [];
    out.push({ alarm: a, followers: kids.length, child: false });
    if (open.has(a.id)) for (const k of kids) out.push({ alarm: k, followers: 0, child: true });
  }
  return out;
}

/**
 * While somebody's pointer or focus is in the list it does not move: rows keep their places, ended
 * ones stay until released, new ones wait and are counted.
 */
export function hold(held: readonly Row[], now: readonly Row[]): { rows: Row[]; waiting: number } {
  const byId = new Map(now.map((r) => [r.alarm.id, r]));
  const rows = held.map(
    (r) => byId.get(r.alarm.id) ?? { ...r, alarm: { ...r.alarm, state: 'normal' as const } },
  );
  const known = new Set(held.map((r) => r.alarm.id));
  return { rows, waiting: now.filter((r) => !known.has(r.alarm.id)).length };
}
