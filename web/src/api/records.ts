// SPDX-License-Identifier: Apache-2.0
/** Lists of the engineers' and administrators' screens, as src/api writes them. Times are epoch ms. */
import type { PointInfo, TextLike } from './model';

export const LIMIT_NAMES = [
  'warn',
  'alarm',
  'cut',
  'restore',
  'low_alarm',
  'low_cut',
  'low_restore',
] as const;
export type LimitName = (typeof LIMIT_NAMES)[number];

export interface Source {
  standard?: string;
  edition?: string;
  clause?: string;
  verified?: boolean;
}

/** A change of a limit that two persons made; `in_force` marks the newest of its name. */
export interface LimitChange {
  id: number;
  point: string;
  name: LimitName;
  value: number;
  before: number;
  by: string;
  second: string;
  reason: string;
  at: number;
  in_force: boolean;
}

export interface LimitRow {
  point: string;
  i: number;
  name: string;
  name_en?: string;
  role: string;
  group: string;
  place: string;
  unit?: string;
  low: boolean;
  /** What packs and site give. */
  pack: Partial<Record<LimitName, number>>;
  /** What a clause allows at most; the site may have made it tighter. */
  clause: Partial<Record<LimitName, number>>;
  source: Source;
  changes: LimitChange[];
}

export interface Proposal {
  id: number;
  point: string;
  name: LimitName;
  value: number;
  before?: number;
  by: string;
  reason: string;
  at: number;
}

export interface Calibration {
  id: number;
  point: string;
  state: 'open' | 'closed' | 'expired';
  by: string;
  second?: string;
  gas?: string;
  opened: number;
  until?: number;
  closed?: number | null;
  agreed?: number | null;
  peak?: number;
  result?: string;
}

export interface TestRecord {
  point: string;
  passed: boolean;
  overdue?: boolean;
  by: string;
  note?: string;
  at: number;
  last_pass?: number | null;
  /** Seen of it: its range locked open, and dead on the load side. */
  cut?: number | null;
  dead?: number | null;
}

export interface ManualValue {
  point: string;
  value: number;
  by: string;
  reason?: string;
  at: number;
}

export interface TagOut {
  output: string;
  id: number;
  by: string;
  reason: string;
  at: number;
}

export interface CommandRecord {
  id: number;
  output: string;
  value: number;
  state: string;
  protective?: boolean;
  by?: string;
  second?: string;
  reason?: string;
  text?: string;
  requested?: number;
  at?: number;
  latched_by?: string[];
}

/** `GET /points/{id}`. */
export interface PointRecords extends PointInfo {
  pack_limits?:
    | (Partial<Record<LimitName, number>> & {
        clause?: Partial<Record<LimitName, number>>;
        source?: Source;
        range_text?: TextLike;
      })
    | null;
  cuts?: string[];
  rules?: string[];
  limits?: LimitChange[];
  proposals?: Proposal[];
  calibrations?: Calibration[];
  commands?: CommandRecord[];
  tests?: TestRecord[];
  tags?: string;
  manual?: ManualValue[];
}

export interface RangeRow {
  point: string;
  name: string;
  place: string;
  range: string | null;
  range_text?: TextLike;
  cuts: boolean;
  switches: { output: string; name: string; feed: string | null }[];
}

export interface JournalEvent {
  seq: number;
  time: number;
  kind: string;
  origin: string;
  body: Record<string, unknown>;
  name?: string;
  name_en?: string;
  title?: string;
  title_en?: string;
}

export interface UserRow {
  user: string;
  name: string;
  language?: string;
  roles: string[];
  disabled: boolean;
  locked: boolean;
  must_change_password: boolean;
  created: number;
  last_login: number;
}

export interface PeopleRole {
  id: string;
  name: TextLike;
  rights: string[];
  places: string[];
}

export interface AccessRow {
  time: number;
  user: string;
  client: string;
  method: string;
  path: string;
  status: number;
}

export interface LinkState {
  id: string;
  kind: string;
  up: boolean;
  since: number;
  last: number;
  reads: number;
  errors: number;
  reconnects: number;
  samples: number;
  writes: number;
  text: string;
}

export interface Health {
  site: string;
  ok: boolean;
  started: number;
  now: number;
  resident_bytes: number;
  disk_free: number;
  /** verified 0: no copy yet; days count from the first start then */
  backup?: { verified: number; since: number; days: number };
  screens: number;
  engine: {
    samples: number;
    late: number;
    future: number;
    refused: number;
    evaluations: number;
    outcomes: number;
    alarms_active: number;
    time: number;
    lag_ms: number;
    queue_urgent: number;
    queue_bulk: number;
    refused_batches: number;
  };
  journal: {
    last: number;
    durable: number;
    commits: number;
    bytes: number;
    last_commit_ms: number;
    worst_commit_ms: number;
    failed: boolean;
    on_reserve: boolean;
  };
  history: {
    points: number;
    samples: number;
    chunks: number;
    bytes: number;
    head_samples: number;
    late: number;
    duplicates: number;
  };
  /** mines divided over several nodes, of a region; null: all are here */
  shards?: {
    node: string;
    nodes: { node: string; url: string; names: number }[];
    names: { name: string; node: string }[];
  } | null;
  links: LinkState[];
}

export interface KpiWorst {
  point: string;
  rule: string;
  name: string;
  name_en?: string;
  count: number;
  share: number;
}

/** `GET /alarms/kpi`. */
export interface Kpi {
  from: number;
  to: number;
  total: number;
  stale: number;
  acknowledged: number;
  ack_seconds: number;
  priority: Record<string, number>;
  per_10min: number[];
  average: number;
  peak: number;
  flood_periods: number;
  flood_share: number;
  top: KpiWorst[];
  chattering: KpiWorst[];
}

/** `GET /reports/{kind}?format=json`. */
export interface Report {
  title: string;
  heads: string[];
  feet: string[];
  columns: { title: string; number: boolean }[];
  rows: string[][];
}

export interface JobOutcome {
  time: number;
  body: {
    type: string;
    rule?: string;
    point?: string;
    output?: string;
    value?: number;
    limit?: number;
    unit?: string;
    priority?: number;
    by?: string;
    latched_by?: string[];
  };
}

/** `GET /jobs/{id}`: what a back-test would have made, beside what did happen. */
export interface Job {
  job: number;
  state: 'running' | 'done' | 'failed';
  progress: number;
  text?: string;
  by: string;
  from: number;
  to: number;
  alarms: number;
  cuts: number;
  alarms_then: number;
  cuts_then: number;
  cut_short: boolean;
  items: JobOutcome[];
  happened: JobOutcome[];
}
