// SPDX-License-Identifier: Apache-2.0
/** The record room as docs/internals/records.md has it: declaration, records, cases, accounts. */
import { signal } from '@preact/signals';
import type { Text } from '../app/i18n';
import { ApiError, api, BASE, url } from './client';
import { learnNames } from './people';

export { personName } from './people';

export type FieldType =
  | 'text'
  | 'text2'
  | 'number'
  | 'money'
  | 'date'
  | 'time'
  | 'bool'
  | 'enum'
  | 'ref'
  | 'place'
  | 'person'
  | 'geometry'
  | 'file'
  | 'photo'
  | 'computed';

export interface Field {
  id: string;
  type: FieldType;
  title: Text;
  may_write?: boolean;
  required?: boolean;
  default?: unknown;
  help?: Text;
  ended?: boolean;
  search?: boolean;
  sources?: boolean;
  /** Of a person: can be erased. */
  personal?: boolean;
  keep_days?: number;
  auto?: boolean;
  unit?: Text | string;
  min?: number;
  max?: number;
  decimals?: number;
  pattern?: string;
  values?: { id: string; title: Text }[];
  to?: string;
  kinds?: string[];
  types?: string[];
  max_mb?: number;
  as?: FieldType;
}

export interface Register {
  id: string;
  title: Text;
  group?: Text;
  key: string;
  fields: Field[];
  list?: string[];
  workflow?: string | null;
  place?: string | null;
  map?: { geometry: string; color?: string | null; symbol?: string | null } | null;
  documents?: { id: string; title: Text }[];
  /** How many provisions are declared for it. */
  provisions?: number;
  /** How many zones' rules its shape is held against. */
  barriers?: number;
  /** How many lists of what suits it, or whom it suits. */
  matches?: number;
  may: { create?: boolean; write?: boolean; import?: boolean; merge?: boolean };
  total?: number;
}

export type Holds = 'yes' | 'no' | 'unknown';

export interface Provision {
  id: string;
  no: string;
  title: Text;
  modality: 'must' | 'shall' | 'should' | 'may' | 'priority' | 'task' | 'forbidden';
  word: string;
  technique: string;
  text: string;
  source: { standard: string; edition: string; clause: string; verified: boolean };
  responsible: string[];
  facts: string[];
  can_be_met: boolean;
}

export interface Provisions {
  provisions: Provision[];
  records: {
    record: Reference;
    verdicts: { provision: string; holds: Holds; missing: string[]; met?: Reference[] }[];
  }[];
}

export interface Barrier {
  id: string;
  no: string;
  title: Text;
  act: 'refuse' | 'tell';
  word: string;
  text: string;
  zone_register: string;
  source: { standard: string; edition: string; clause: string; verified: boolean };
  responsible: string[];
}

export interface Geo {
  type: string;
  coordinates?: unknown;
  geometries?: Geo[];
}

/** A zone that a shape touches; shapes that are too long are null. */
export interface Touched {
  id: number;
  key: string;
  label: string;
  area_m2: number;
  length_m: number;
  zone: Geo | null;
  overlap: Geo | null;
}

export interface Barriers {
  barriers: Barrier[];
  records: {
    record: Reference;
    verdicts: {
      barrier: string;
      holds: Holds;
      missing: string[];
      no_zones: boolean;
      zones: Touched[];
    }[];
  }[];
}

/** A mistake in one field, as a refusal names it. */
export interface Problem {
  field: string;
  text: string;
  text_zh: string;
  barrier?: { id: string; no: string; text: string; shape: Geo | null; zones: Touched[] };
}

export interface State {
  id: string;
  title: Text;
  kind: 'start' | 'active' | 'waiting' | 'done' | 'void';
}

export interface Workflow {
  id: string;
  title: Text;
  registers?: string[];
  states: State[];
}

export interface Named {
  id: string;
  title: Text;
  group?: Text;
}

export interface RoomModel {
  registers: Register[];
  workflows: Workflow[];
  ledgers: Named[];
  indicators: Named[];
  briefings?: Named[];
}

export type Fields = Record<string, unknown>;

export interface Item {
  id: number;
  register?: string;
  key: string;
  label: string;
  version: number;
  place?: string | null;
  state?: string | null;
  owner?: string | null;
  due?: number | null;
  ended?: number | null;
  merged?: number | null;
  /** How many fields have sources that differ. */
  conflicts?: number;
  changed?: number;
  changed_by?: string;
  fields: Fields;
}

export interface Fact {
  id: number;
  field: string;
  value: unknown;
  since: number;
  time: number;
  by: string;
  source?: string | null;
  verified?: number | boolean | null;
  certainty?: number | null;
  note?: string | null;
  chosen?: number | null;
  dropped?: number | null;
  /** Its value is gone since. */
  erased?: number;
}

export interface Move {
  kind: string;
  transition?: string | null;
  from?: string | null;
  to?: string | null;
  owner?: string | null;
  due?: number | null;
  by: string;
  time: number;
  note?: string | null;
}

export interface Attachment {
  hash: string;
  field: string;
  /** None when it was erased. */
  name: string | null;
  type: string;
  size: number;
  by?: string;
  time?: number;
  /** Its bytes, name and meta are gone since. */
  erased?: number;
  meta?: { x?: number; y?: number; taken?: number; place?: string } | null;
  ended?: number | null;
}

export interface Reference {
  register: string;
  id: number;
  key?: string;
  label: string;
  ended?: boolean;
}

export interface Transition {
  id: string;
  title: Text;
  to?: string;
  may: boolean;
  /** Who may, in words, when this person may not. */
  why?: Text | string | null;
  needs?: string[];
  evidence?: { field: string; needs: number; has: number }[];
  note?: string;
  owner?: string;
  sign?: number;
  signed?: number;
  signed_by_me?: boolean;
}

export interface Record_ extends Item {
  facts?: Fact[];
  moves?: Move[];
  attachments?: Attachment[];
  /** Personal fields whose value was erased: when. */
  erased?: Record<string, number>;
  refs?: Record<string, Reference>;
  referrers?: (Reference & { field: string })[];
  transitions?: Transition[];
}

export interface Case extends Item {
  register: string;
  workflow: string;
  state_title?: Text;
  late_ms?: number;
  receipt?: number | null;
  transitions?: Transition[];
}

export interface Page<R> {
  items: R[];
  total: number;
  /** There are more than `total`. */
  more?: boolean;
  next?: string | null;
}

export type Clause = [field: string, op: string, value: unknown];

export interface ImportRow {
  row: number;
  fate: 'create' | 'change' | 'same' | 'error';
  key?: string;
  texts?: string[];
  texts_en?: string[];
  changes?: { field: string; from: unknown; to: unknown }[];
}

export interface Job {
  state: string;
  progress?: number;
  /** 0 to 1 while its rows are written. */
  writing?: number;
  rows?: ImportRow[];
  counts?: Partial<Record<ImportRow['fate'], number>>;
  error?: { text?: string; text_zh?: string } | string;
}

/** What is said of a row of an import, in a language that the program has; else in Chinese. */
export function importTexts(row: ImportRow, language: string): string[] {
  const english = language === 'zh' ? undefined : row.texts_en;
  return (english?.length ? english : row.texts) ?? [];
}

const NONE: RoomModel = { registers: [], workflows: [], ledgers: [], indicators: [] };
export const room = signal<RoomModel>(NONE);
/** The declaration has been asked for and answered, even if by "there is none". */
export const roomRead = signal(false);

/** False: nobody answered, and what was known stands. */
export async function loadRoom(): Promise<boolean> {
  try {
    room.value = { ...NONE, ...(await api.get<Partial<RoomModel>>('/registers')) };
  } catch (e) {
    roomRead.value = true;
    const none = e instanceof ApiError && (e.status === 404 || e.status === 501);
    if (!none) return false;
    room.value = NONE; // a program without registers
  }
  roomRead.value = true;
  const first = room.value.registers.find((r) => r.workflow) ?? room.value.registers[0];
  if (first) learnNames(first.id);
  return true;
}

export const registerOf = (id: string | undefined | null) =>
  room.value.registers.find((r) => r.id === id);
export const workflowOf = (id: string | undefined | null) =>
  room.value.workflows.find((w) => w.id === id);
export const fieldOf = (r: Register | undefined, id: string) => r?.fields.find((f) => f.id === id);

export function stateOf(r: Register | undefined, state: string | undefined | null) {
  return workflowOf(r?.workflow)?.states.find((s) => s.id === state);
}

/** Where a record stands on the map. */
export const shapeField = (r: Register | undefined) =>
  r?.map ? fieldOf(r, r.map.geometry) : undefined;

/** Fields whose sources do not say the same. */
export function differing(rec: Record_): Set<string> {
  const said = new Map<string, string>();
  const out = new Set<string>();
  for (const x of rec.facts ?? []) {
    if (x.dropped) continue;
    const v = JSON.stringify(x.value ?? null);
    if (said.has(x.field) && said.get(x.field) !== v) out.add(x.field);
    said.set(x.field, v);
  }
  return rec.conflicts ? out : new Set();
}

export const recordPath = (register: string, id: number | string) => `/records/${register}/${id}`;

export function attachmentUrl(a: Attachment, record: number, thumb = false): string {
  return url(`/attachments/${a.hash}`, { record, size: thumb ? 'thumb' : null });
}

export interface Uploaded {
  hash: string;
  name: string;
  type: string;
  size: number;
}

/** Sends bytes and tells how far it is, 0 to 1; fetch() cannot. */
export function send<V>(
  path: string,
  body: Blob,
  progress: (part: number) => void = () => {},
): Promise<V> {
  return new Promise((done, fail) => {
    const x = new XMLHttpRequest();
    x.open('POST', `${BASE}${path}`);
    x.setRequestHeader('X-Kuangtu', '1');
    x.setRequestHeader('Content-Type', body.type || 'application/octet-stream');
    x.upload.onprogress = (e) => e.lengthComputable && progress(e.loaded / e.total);
    x.onerror = () =>
      fail(new ApiError(0, 'OFFLINE', 'The server does not answer.', '服务器没有应答。'));
    x.onload = () => {
      let answer: unknown = null;
      try {
        answer = JSON.parse(x.responseText);
      } catch {
        // not JSON: told by its status
      }
      if (x.status >= 200 && x.status < 300) return done(answer as V);
      const e = (answer as { error?: { code?: string; text?: string; text_zh?: string } } | null)
        ?.error;
      return fail(new ApiError(x.status, e?.code ?? '', e?.text ?? `HTTP ${x.status}`, e?.text_zh));
    };
    x.send(body);
  });
}

export function upload(
  file: Blob,
  name: string,
  meta: { taken?: number; x?: number; y?: number; sha256?: string } = {},
  progress?: (part: number) => void,
): Promise<Uploaded> {
  const q = new URLSearchParams({ name });
  for (const [k, v] of Object.entries(meta)) if (v !== undefined) q.set(k, String(v));
  return send<Uploaded>(`/attachments?${q}`, file, progress);
}
