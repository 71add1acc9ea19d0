// SPDX-License-Identifier: Apache-2.0
/** What the server says and hears (docs/internals/contracts.md, section 4). Times are epoch ms. */
import type { Text } from '../app/i18n';

export type { Text };
export type TextLike = Text | string;
export type Priority = 1 | 2 | 3 | 4;
export type AlarmState = 'unack' | 'ack' | 'rtn' | 'normal' | 'shelved' | 'suppressed' | 'oos';
export type PointKind = 'analog' | 'switch' | 'counter' | 'output';

export interface Me {
  user: string;
  name: string;
  rights: string[];
  places: string[];
  must_change_password?: boolean;
  language?: string;
}

export interface Shift {
  id: string;
  name: TextLike;
  start: string;
}

export interface Role {
  id: string;
  title: TextLike;
  short?: string;
  unit?: string;
  group?: string;
  kind?: PointKind;
  off?: TextLike;
  on?: TextLike;
  opening?: number;
}

export interface Named {
  id: string;
  title: TextLike;
}

export interface Quality extends Named {
  grade: 'good' | 'uncertain' | 'bad';
}

export interface Place {
  id: string;
  parent?: string;
  kind: string;
  name: string;
  name_en?: string;
  x?: number;
  y?: number;
  air_to?: string[];
}

export interface RuleInfo {
  id: string;
  title: TextLike;
  priority: Priority;
  statutory?: boolean;
  category: string;
  cause?: TextLike;
  consequence?: TextLike;
  action?: TextLike;
  within_s?: number;
  clause?: string | { standard?: string; clause?: string; edition?: string; verified?: boolean };
  note_required?: boolean;
}

export interface Site {
  id: string;
  name: TextLike;
  simulation: boolean;
  clock?: string;
  crs?: { epsg?: number; name?: string };
  utc_offset_s?: number;
  shifts?: Shift[];
  packs?: (string | { id: string; version?: number })[];
  gas_class?: string;
  roles: Role[];
  groups?: Named[];
  qualities?: Quality[];
  places: Place[];
  ranges?: Named[];
  rules: RuleInfo[];
  hash?: string;
}

export interface PointInfo {
  id: string;
  /** The number used in streams. */
  i: number;
  name: string;
  name_en?: string;
  kind: PointKind;
  unit?: string;
  role: string;
  place: string;
  x?: number;
  y?: number;
  resolution?: number;
  range?: [number, number] | null;
  feed?: string;
  serves?: string[];
  two_person?: boolean;
  cutoff?: boolean;
  link?: string;
  address?: string;
}

export interface LimitInfo {
  name: string;
  value: number;
  unit?: string;
  source?: { standard?: string; edition?: string; clause?: string; verified?: boolean } | string;
  by?: string;
  since?: number;
}

export interface PointDetail extends PointInfo {
  limits?: LimitInfo[];
  switches?: string[];
  latch?: { latched: boolean; by?: string[] } | boolean | null;
  tags?: { id?: number; by: string; reason: string; since?: number }[];
  calibrations?: { record: number; state?: string; since?: number; until?: number; by?: string }[];
  manual?: { value: number; by: string; reason?: string; since?: number } | null;
  changes?: { t: number; by: string; text: string }[];
}

/** `[i, value, quality, time]` */
export type LiveTuple = [number, number | null, string, number];

export interface Alarm {
  id: number;
  rule: string;
  point: string;
  place: string;
  state: AlarmState;
  change?: string;
  priority: Priority;
  statutory?: boolean;
  category: string;
  value?: number;
  limit?: number;
  unit?: string;
  peak?: number;
  raised: number;
  cleared?: number | null;
  acked?: number | null;
  by?: string;
  note?: string;
  first_out?: number | null;
  until?: number | null;
  quality?: string;
  name?: string;
  place_name?: string;
  title?: TextLike;
  reason?: string;
}

export interface AlarmDetail extends Alarm {
  changes?: (Partial<Alarm> & { t?: number; change: string })[];
  card?: Card | null;
  commands?: Command[];
}

export interface AlarmCounts {
  priority?: Record<string, number>;
  category?: Record<string, number>;
}

export interface Page<V> {
  items: V[];
  next?: string | null;
}

export interface AlarmPage extends Page<Alarm> {
  counts?: AlarmCounts;
}

export interface AlarmKpi {
  rate?: { t: number; n: number; p1?: number; p2?: number }[];
  average_per_10min?: number;
  floods?: number | { t: number; n: number }[];
  top?: { point: string; rule?: string; name?: string; n: number }[];
  chattering?: { point: string; rule?: string; name?: string; n: number }[] | number;
  stale?: Alarm[] | number;
  priorities?: Record<string, number>;
}

export type CommandState =
  | 'requested'
  | 'confirmed'
  | 'sent'
  | 'readback'
  | 'proved'
  | 'refused'
  | 'failed'
  | 'expired'
  | 'anomaly';

export interface Command {
  id: number;
  output: string;
  value: number;
  state: CommandState;
  protective?: boolean;
  by?: string;
  second?: string;
  reason?: string;
  text?: string;
  expires?: number;
  latched_by?: string[];
  t?: number;
}

export interface Output {
  id: string;
  value?: number | null;
  command?: Command | null;
  feed?: number | string | null;
  latched_by?: string[];
  tags?: { by: string; reason: string; since?: number }[];
  interlock?: { ok: boolean; conditions: { text: TextLike; ok: boolean | null }[] };
  two_person?: boolean;
}

export interface CardStep {
  id: string;
  text: TextLike;
  done?: number | null;
  by?: string;
  note?: string;
}

export interface CardEntry {
  t: number;
  change: string;
  step?: string;
  text?: string;
  by?: string;
}

export interface Card {
  id: number;
  alarm: number;
  state: 'open' | 'closed';
  kind?: string;
  opened?: number;
  closed?: number | null;
  steps?: CardStep[];
  entries?: CardEntry[];
  cause?: string;
  measure?: string;
  next_followup?: number | null;
  title?: TextLike;
  by?: string;
}

export interface Handover {
  shift?: string;
  alarms?: Alarm[];
  shelved?: Alarm[];
  tags?: { output: string; by: string; reason: string; since?: number }[];
  calibrations?: { point: string; record?: number; by?: string; until?: number; state?: string }[];
  commands?: Command[];
  cards?: Card[];
  notes?: { t: number; by: string; text: string; point?: string; place?: string }[];
  signatures?: { t: number; shift?: string; from?: string; to?: string; note?: string }[];
}

export interface HistorySeries {
  id: string;
  unit?: string;
  t: number[];
  min?: (number | null)[];
  max?: (number | null)[];
  mean?: (number | null)[];
  last?: (number | null)[];
  v?: (number | null)[];
  count?: number[];
  quality?: string[];
  q?: string[];
}

export interface ReplayState {
  at: number;
  seq: number;
  live: LiveTuple[];
  alarms: Alarm[];
  outputs: Output[];
}

export interface ClockEvent {
  now: number;
  engine: number;
  lag_ms?: number;
  simulation?: boolean;
  drill?: boolean | string | null;
}

export interface Outcome {
  type: string;
  cause?: number;
  [key: string]: unknown;
}
