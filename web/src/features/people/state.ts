// SPDX-License-Identifier: Apache-2.0
/** Who is below, as the program tells it: the present asked each second while shown, the past from
 *  the replay. */
import { computed, signal } from '@preact/signals';
import { api } from '../../api/client';
import { room } from '../../api/room';
import { site } from '../../api/site';
import { pastPeople, replaying } from '../../api/world';

export interface Person {
  card: string;
  person?: string;
  trade?: string;
  team?: string;
  place?: string;
  airway?: string;
  at_m?: number;
  error_m?: number;
  time: number;
  heard: number;
  in: number;
  shift: string;
  battery?: number;
  sos?: number;
  leaves?: boolean;
  is: string[];
}
export interface Vehicle {
  number: string;
  kind?: string;
  card: string;
  place?: string;
  airway?: string;
  at_m?: number;
  error_m?: number;
  time: number;
  heard: number;
  in: number;
  /** Left out: not known. */
  km_h?: number;
  limit_km_h?: number;
  /** Points of the detectors on it. */
  carries: string[];
  is: string[];
}
export interface Count {
  count: number;
  lost: number;
  sos: number;
  over_time: number;
  leaders: number;
}
export interface Area extends Count {
  place: string;
  kind: 'normal' | 'key' | 'restricted' | 'forbidden';
  max: number;
}
export type Verdict = 'exit' | 'refuge' | 'not-safe' | 'unknown';
export interface Route {
  card: string;
  place?: string;
  to: Verdict;
  goal?: string;
  time_s?: number;
  spare_s?: number;
  /** A refuge that would have been the goal, if it could be used. */
  passed?: string;
}
export interface Plan {
  persons: number;
  exit: number;
  refuges?: { id: string; state?: string; why?: string; why_zh?: string }[];
  refuge: number;
  not_safe: number;
  unknown: number;
  smoke: 'none' | 'solved' | 'outstanding' | 'failed' | 'old' | 'design' | 'unsure' | 'unknown';
  routes: Route[];
  ways: { airway: string; along: boolean; persons: number }[];
}
export interface Evacuation {
  id: number;
  started: number;
  ended: number;
  drill: boolean;
  confirmed: boolean;
  /** Whose way out is another one than what was spoken to them. */
  untold?: number;
  place: string;
  fire?: string;
  reason: string;
  persons: number;
  left: number;
  blocked: string[];
  plan?: Plan | null;
}
export interface People extends Count {
  present: boolean;
  at: number;
  sees: boolean;
  /** Title of the drill under way; empty for none. */
  drill?: string;
  lifted?: '' | 'evacuation' | 'sos' | 'alarm';
  entered: number | null;
  gone: number | null;
  items: Person[];
  vehicles?: Vehicle[];
  areas: Area[];
  shifts: (Count & { shift: string })[];
  evacuation: Evacuation | null;
}
export interface Station {
  id: string;
  kind: 'anchor' | 'exit' | 'refuge';
  name: string;
  name_en: string;
  airway: string;
  at_m: number;
  length_m: number;
  capacity: number;
}

export const placeName = (id: string | undefined) => (id ? site.value.placeName(id) : '');

/** The present, as last told; null: nothing yet. */
export const livePeople = signal<People | null>(null);
export const stations = signal<Station[]>([]);
/** When the last answer came, and whether the present is older than it may be. */
export const heardAt = signal(0);
export const old = signal(false);
/** What is shown: the present, or that second of the past. */
export const people = computed<People | null>(() => {
  const p = replaying.value ? (pastPeople.value as People | null) : livePeople.value;
  return p?.present ? p : null;
});

const ASK_MS = 1000;
const OLD_MS = 5000;

export async function ask(): Promise<void> {
  const got = await api.get<People>('/personnel').catch(() => null);
  if (got) {
    livePeople.value = got;
    heardAt.value = Date.now();
  }
  old.value = heardAt.value > 0 && Date.now() - heardAt.value > OLD_MS;
  if (got?.present && stations.peek().length === 0) {
    stations.value = (await api.get<{ items: Station[] }>('/personnel/stations')).items;
  }
}

let watchers = 0;
let timer: ReturnType<typeof setInterval> | undefined;

/** Asks each second until the function that it returns is called; however many watch, one asks. */
export function watchPeople(): () => void {
  watchers += 1;
  if (watchers === 1) {
    void ask();
    timer = setInterval(() => {
      if (!replaying.peek()) void ask();
    }, ASK_MS);
  }
  let on = true;
  return () => {
    if (!on) return; // a map says more than once that it is gone
    on = false;
    watchers -= 1;
    if (watchers === 0) clearInterval(timer);
  };
}

/** A place on a line, `part` of its length from its beginning. */
export function along(
  line: readonly (readonly number[])[],
  part: number,
): { at: [number, number]; angle: number } | null {
  let whole = 0;
  const long = (i: number) =>
    Math.hypot(line[i + 1]![0]! - line[i]![0]!, line[i + 1]![1]! - line[i]![1]!);
  for (let i = 0; i + 1 < line.length; i++) whole += long(i);
  let left = Math.min(1, Math.max(0, part)) * whole;
  for (let i = 0; i + 1 < line.length; i++) {
    const l = long(i);
    if (l > 0 && (left <= l || i + 2 === line.length)) {
      const f = Math.min(1, left / l);
      const [x, y] = [line[i]![0]!, line[i]![1]!];
      const [dx, dy] = [line[i + 1]![0]! - x, line[i + 1]![1]! - y];
      return { at: [x + dx * f, y + dy * f], angle: Math.atan2(dy, dx) };
    }
    left -= l;
  }
  return null;
}

/** Tags below against the in-and-out count; null: there is no such count. */
export function difference(p: People): number | null {
  return p.entered === null || p.gone === null ? null : p.count - (p.entered - p.gone);
}

/** What is beside a vehicle on the map. */
export function vehicleLabel(v: Vehicle): string {
  return v.km_h === undefined ? v.number : `${v.number} ${Math.round(v.km_h)} km/h`;
}

/** Worst first: too fast or where it may not be, then who is silent, then the rest by number. */
export function vehiclesInOrder(list: readonly Vehicle[]): Vehicle[] {
  const rank = (v: Vehicle) => (v.is.length === 0 ? 2 : v.is.every((i) => i === 'lost') ? 1 : 0);
  return [...list].sort((a, b) => rank(a) - rank(b) || a.number.localeCompare(b.number));
}

/** Worst first: calls for help, then who is silent, then the rest by place and card. */
export function inOrder(items: readonly Person[]): Person[] {
  const rank = (x: Person) => (x.sos ? 0 : x.is.includes('lost') ? 1 : x.is.length > 0 ? 2 : 3);
  return [...items].sort(
    (a, b) =>
      rank(a) - rank(b) ||
      (a.place ?? '').localeCompare(b.place ?? '') ||
      Number(a.card) - Number(b.card),
  );
}

/** Names by person number, for those who may read them in the register; else nobody's. */
export const names = signal<ReadonlyMap<string, string>>(new Map());

export async function readNames(): Promise<void> {
  if (!room.value.registers.some((r) => r.id === 'below_person')) return;
  try {
    const all = await api.all<{ fields: { no?: string; name?: string | null } }>(
      '/records/below_person',
      { limit: 1000 },
    );
    names.value = new Map(
      all.flatMap(({ fields: f }) => (f.no && f.name ? [[f.no, f.name] as const] : [])),
    );
  } catch {
    names.value = new Map(); // numbers stand without them
  }
}

export const personName = (p: { person?: string }) => names.value.get(p.person ?? '') ?? '';
