// SPDX-License-Identifier: Apache-2.0
/**
 * Requests that wait for a signal, in the order in which they were made.
 *
 * Invariants
 * 1. A request is on disk with its key before anything is sent. A retry carries the same key, so
 *    the server answers it with the first verdict: it happens once, whenever the page is closed.
 * 2. Requests about one record go in order; while one of them is refused, the later ones wait.
 * 3. A later request of the same chain carries the version that the earlier one made, written in
 *    the same transaction that takes the earlier one out.
 * 4. Only the person takes out what was refused or stands in conflict. A changed request gets a new key.
 */
import type { Fields } from '../api/room';
import * as db from './db';

export type EntryState = 'wait' | 'conflict' | 'refused';

export interface Entry {
  n: number;
  /** Made on the phone, once. */
  key: string;
  user: string;
  verb: string;
  args: Record<string, unknown>;
  /** What the person reads. */
  label: string;
  made: number;
  state: EntryState;
  tries: number;
  error?: string;
  /** The record it is about, "hazard/12"; of one that is not yet there "new:KEY". */
  about: string;
  /** Fields as they stood when the person changed them, to show a conflict. */
  base?: Fields;
}

export type Draft = Omit<Entry, 'n' | 'state' | 'tries' | 'made'>;

export interface Result {
  record?: number;
  version?: number;
}

export function newKey(): string {
  const r = new Uint32Array(4);
  crypto.getRandomValues(r);
  return `p-${[...r].map((x) => x.toString(36)).join('')}`;
}

export async function add(list: readonly Draft[], now: number): Promise<void> {
  await db.tx(['queue'], 'readwrite', (s) => {
    for (const d of list) s('queue').add({ ...d, made: now, state: 'wait', tries: 0 });
  });
}

export const entries = () => db.all<Entry>('queue');

/** The next one that may be sent: no earlier one about the same record stands in its way. */
export function sendable(list: readonly Entry[], user: string): Entry | undefined {
  const stuck = new Set<string>();
  for (const e of list) {
    if (e.user !== user) continue;
    // what waits for a new record has no number to be sent with yet
    if (e.about.startsWith('new:')) continue;
    if (e.state === 'wait' && !stuck.has(e.about)) return e;
    stuck.add(e.about);
  }
  return undefined;
}

/** Does `later` follow `sent` in a chain: the same record, seen in the same version? */
function follows(sent: Entry, later: Entry): boolean {
  return later.about === sent.about && later.n > sent.n && later.args.version === sent.args.version;
}

/** What the others become when `sent` was answered: newer versions, and the id of a new record. */
export function informed(sent: Entry, result: Result, others: readonly Entry[]): Entry[] {
  const made = `new:${sent.key}`;
  return others.flatMap((e) => {
    if (e.about === made && result.record !== undefined) {
      const register = String(sent.args.register ?? '');
      return [
        {
          ...e,
          about: `${register}/${result.record}`,
          args: { ...e.args, record: result.record, version: result.version ?? 1 },
        },
      ];
    }
    if (result.version === undefined || sent.args.version === undefined) return [];
    return follows(sent, e) ? [{ ...e, args: { ...e.args, version: result.version } }] : [];
  });
}

/** Versions that this phone's own requests made, by record: {"3": 4} means that 3 became 4. */
const movedKey = (about: string) => `moved:${about}`;
type Moved = Record<string, number>;

/** The entry has its verdict: it goes, and those behind it learn what it made, at once. */
export async function settle(sent: Entry, result: Result): Promise<void> {
  const others = (await entries()).filter((e) => e.n !== sent.n);
  const changed = informed(sent, result, others);
  const old = (await db.get<Moved>('kv', movedKey(sent.about))) ?? {};
  const from = sent.args.version;
  await db.tx(['queue', 'kv'], 'readwrite', (s) => {
    s('queue').delete(sent.n);
    for (const e of changed) s('queue').put(e);
    if (from !== undefined && result.version !== undefined)
      s('kv').put({ ...old, [String(from)]: result.version }, movedKey(sent.about));
  });
}

/** The request as it is sent: one made a moment too early for settle() still follows its chain. */
export async function toSend(e: Entry): Promise<Record<string, unknown>> {
  if (e.tries > 0 || e.args.version === undefined) return e.args;
  const moved = (await db.get<Moved>('kv', movedKey(e.about))) ?? {};
  let v = Number(e.args.version);
  for (let i = 0; i < 100 && (moved[String(v)] ?? 0) > v; i++) v = moved[String(v)]!;
  return { ...e.args, version: v };
}

export const mark = (e: Entry, state: EntryState, error: string) =>
  db.put('queue', { ...e, state, error, tries: e.tries + 1 });

export const drop = (e: Entry) => db.remove('queue', e.n);

/** Again, on what stands now: another request, so another key; the chain behind it follows. */
export async function redo(e: Entry, args: Record<string, unknown>): Promise<void> {
  const chain = (await entries()).filter((x) => follows(e, x));
  await db.tx(['queue'], 'readwrite', (s) => {
    const { error: _, ...rest } = e;
    s('queue').put({ ...rest, key: newKey(), args, state: 'wait', tries: 0 });
    for (const x of chain) s('queue').put({ ...x, args: { ...x.args, version: args.version } });
  });
}
