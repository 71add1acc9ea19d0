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
  kind?: string;
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
  parent?: string | null;
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
  priority: number;
  statutory?: boolean;
  category?: string;
  cause?: TextLike;
  consequence?: TextLike;
  action?: TextLike;
  within_s?: number;
  clause?: Source;
  note_required?: boolean;
}

export interface Site {
  id: string;
  /** Only of a mine. */
  mine_code?: string;
  name: TextLike;
  simulation: boolean;
  clock?: string;
  crs?: { epsg?: number; name?: string };
  utc_offset_s?: number;
  shifts?: Shift[];
  neighbours?: { name: TextLike; url: string }[];
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
  feed?: string | null;
  serves?: string[];
  two_person?: boolean;
  /** It takes a number, within this. */
  set?: { lo: number; hi: number; step: number; tolerance: number };
  cutoff?: boolean;
  /** How often its cut is tried, in days. */
  test_days?: number;
  link?: string | null;
  address?: string | null;
}

export interface Source {
  standard?: string;
  edition?: string;
  clause?: string;
  verified?: boolean;
}

/** A limit in force: the pack's, or what two persons changed it to. */
export interface LimitInfo {
  name: string;
  value: number;
  source?: Source;
  /** Who changed it, if anybody. */
  by?: string;
}

export interface LimitChange {
  id: number;
  point: string;
  name: string;
  value: number;
  before?: number;
  by: string;
  second?: string;
  reason?: string;
  at?: number;
  in_force: boolean;
}

export interface Calibration {
  id: number;
  point: string;
  state: 'open' | 'expired' | 'closed';
  by: string;
  gas?: string;
  opened?: number;
  until?: number;
  closed?: number;
  result?: string;
}

export interface TagOut {
  id: number;
  output?: string;
  by: string;
  reason: string;
  at?: number;
  untag_by?: string;
}

export interface PointDetail extends PointInfo {
  pack_limits?: (Record<string, number> & { source?: Source; range_text?: Text }) | null;
  /** Outputs that this sensor cuts. */
  cuts?: string[];
  rules?: string[];
  limits?: LimitChange[];
  calibrations?: Calibration[];
  tags?: TagOut[];
  manual?: { point: string; value: number; by: string; reason?: string; at?: number }[];
  tests?: { passed: boolean; overdue: boolean; by: string; note?: string; at?: number }[];
}

/** `[i, value, quality, time]` */
export type LiveTuple = [number, number | null, string, number];

export interface Alarm {
  id: number;
  rule: string;
  point: string;
  place: string;
  state: AlarmState;
  /** What the roadways along the air went by when it was raised. */
  air?: 'solution' | 'outstanding' | 'failed' | 'old' | 'design' | 'unsure';
  change?: string;
  priority: Priority;
  statutory?: boolean;
  category: string;
  value?: number | null;
  limit?: number;
  unit?: string;
  peak?: number | null;
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

export interface AlarmDetail {
  alarm: Alarm;
  cards: Card[];
}

/** One entry of the journal, as GET /events gives it. */
export interface JournalItem {
  seq: number;
  time: number;
  kind: string;
  origin?: string;
  body: Record<string, unknown>;
}

export interface Page<V> {
  items: V[];
  next?: string | null;
}

export interface AlarmPage extends Page<Alarm> {
  counts?: Record<string, number>;
  total?: number;
}

export interface AlarmKpi {
  total: number;
  stale: number;
  acknowledged: number;
  ack_seconds: number;
  per_10min: number[];
  average: number;
  peak: number;
  flood_periods: number;
  flood_share: number;
  priority: Record<string, number>;
  top: WorstPoint[];
  chattering: WorstPoint[];
}

export interface WorstPoint {
  point: string;
  rule: string;
  name?: string;
  name_en?: string;
  count: number;
  share: number;
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
  requested?: number;
  sent?: number;
  expires?: number;
  latched_by?: string[];
}

export interface Condition {
  code?: string;
  ok: boolean | null;
  text: TextLike;
  rule?: string;
  point?: string;
  who?: string;
}

export interface Output {
  output: string;
  opening?: number;
  value?: number | null;
  commanded?: number | null;
  feed?: number | null;
  feed_point?: string | null;
  anomaly?: boolean;
  /** Not yet read back after a restart: nothing is sent to it. */
  unread?: boolean;
  two_person?: boolean;
  latched_by?: string[];
  tags?: TagOut[];
  interlock?: { ok: boolean; conditions: Condition[] };
  command?: Command | null;
}

export interface CardEntry {
  time: number;
  change: string;
  step?: string;
  text?: string;
  by?: string;
}

export interface Card {
  id: number;
  alarm: number;
  state: 'open' | 'closed';
  /** Name of the form in the pack. */
  card?: string;
  rule: string;
  point: string;
  opened?: number;
  next_followup?: number | null;
  overdue?: boolean;
  raises?: number;
  cleared?: number;
  closed?: number;
  cause?: string;
  measure?: string;
  log?: CardEntry[];
}

export interface Handover {
  alarms: Alarm[];
  tags?: TagOut[];
  calibrations?: Calibration[];
  commands?: Command[];
  cards?: Card[];
  notes?: { id: number; where: string; by: string; text: string; at?: number }[];
  handover?: {
    shift?: string;
    from?: string;
    to?: string;
    by?: string;
    note?: string;
    at?: number;
  }[];
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
  /** What lies before is from the long history, in its exactness; `away`: why it is not there. */
  old?: { before: number; resolution_ms: number; digits: number; away?: string };
}

/** The site that was in force then, as far as it differs from the running one. */
export interface PastSite {
  hash: string;
  same: boolean;
  points?: PointInfo[];
  ended?: number[];
  places?: Place[];
}

export interface ReplayState {
  people?: unknown;
  incidents?: unknown;
  talks?: unknown;
  at: number;
  seq: number;
  site: PastSite;
  live: LiveTuple[];
  alarms: Alarm[];
  outputs: Output[];
}

export interface ClockEvent {
  now: number;
  /** Absent in a replay, where `now` is the replayed moment. */
  engine?: number;
  lag_ms?: number;
  simulation?: boolean;
  /** Plant seconds a second, as they are and as asked of the plant; 0: not known. */
  rate?: number;
  asked?: number;
  drill?: boolean | string | null;
  /** The program can no longer record: nothing it shows may be relied upon. */
  failed?: boolean;
  /** Several nodes: which one this is. */
  cluster?: NodeState | null;
}

export interface NodeState {
  node: string;
  role: 'active' | 'follows' | 'takes-over' | 'cut-off' | 'out';
  holder: string;
  behind_ms: number;
}

export interface Outcome {
  type: string;
  cause?: number;
  [key: string]: unknown;
}
