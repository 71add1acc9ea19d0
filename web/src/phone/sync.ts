// SPDX-License-Identifier: Apache-2.0
/** Sends what waits, one at a time, then fetches what is assigned. One page of a phone does it at a time. */
import { batch } from '@preact/signals';
import { ApiError, api } from '../api/client';
import type { Me, Site } from '../api/model';
import { peopleFor } from '../api/people';
import { loadRoom, type Record_, recordPath, room, upload } from '../api/room';
import * as db from './db';
import { drop, type Entry, entries, mark, type Result, sendable, settle, toSend } from './queue';
import {
  caseKey,
  type MapLayers,
  mapData,
  needLogin,
  online,
  readAll,
  readCases,
  readQueue,
  showSite,
  syncError,
  syncedAt,
  syncing,
  who,
} from './state';
import { t } from './texts';

export interface Photo {
  hash: string;
  blob: Blob;
  name: string;
  meta: Record<string, unknown>;
  /** The server's name for the bytes, once it has them. */
  sent: string;
  /** A walk goes to a place of its own and gets another name there. */
  kind?: 'walk';
}

const AGAIN_MS = 20_000;
const AT_ONCE = 4;
const MOST = 200;

/** No answer, a server that is not well, too many: to be tried again with the same key. */
const passing = (e: unknown) =>
  !(e instanceof ApiError) ||
  e.status === 0 ||
  e.status >= 500 ||
  e.status === 429 ||
  e.status === 401;

/** Sends the bytes and answers the name that the server has for them: its own hash of the body. */
async function sendPhoto(hash: string): Promise<string> {
  const p = await db.get<Photo>('photos', hash);
  if (!p) throw new ApiError(404, 'GONE', t('photo.gone'), t('photo.gone'));
  if (p.sent) return p.sent;
  if (p.kind === 'walk') {
    const got = await api.post<{ hash: string }>('/tracks', JSON.parse(await p.blob.text()));
    await db.put('photos', { ...p, sent: got.hash });
    return got.hash;
  }
  const meta = {
    taken: Number(p.meta.taken),
    x: p.meta.x as number,
    y: p.meta.y as number,
    sha256: hash, // the server keeps the bytes only when they are these
  };
  const got = await upload(p.blob, p.name, meta);
  if (got.size !== p.blob.size)
    throw new ApiError(422, 'HASH', t('photo.differs'), t('photo.differs'));
  await db.put('photos', { ...p, sent: got.hash });
  return got.hash;
}

/** Of a walk the server says type, size and sum itself: those of this phone's text are not its own. */
async function asSent(args: Record<string, unknown>): Promise<Record<string, unknown>> {
  const p = args.sha256 ? await db.get<Photo>('photos', String(args.sha256)) : null;
  if (p?.kind !== 'walk') return args;
  const { sha256: _, type: __, size: ___, meta: ____, ...rest } = args;
  return rest;
}

async function sendOne(e: Entry): Promise<void> {
  const hash = typeof e.args.sha256 === 'string' ? e.args.sha256 : '';
  const chained = await toSend(e);
  const args = hash ? { ...chained, hash: await sendPhoto(hash) } : chained;
  if (args.version !== e.args.version || args.hash !== e.args.hash)
    await db.put('queue', { ...e, args });
  const v = await api.post<{ result?: Result | null }>('/requests', {
    verb: e.verb,
    args: await asSent(args),
    key: e.key,
  });
  await settle({ ...e, args }, v.result ?? {});
  if (hash) await forgetPhoto(hash);
  const about = e.about.startsWith('create:') ? `${args.register}/${v.result?.record}` : e.about;
  await refresh(about).catch(() => undefined);
}

/** Its bytes stay until nothing that waits needs them. */
async function forgetPhoto(hash: string): Promise<void> {
  const still = (await entries()).some((e) => e.args.sha256 === hash);
  if (!still) await db.remove('photos', hash);
}

async function refresh(about: string): Promise<void> {
  const [register = '', id = ''] = about.split('/');
  if (!Number(id)) return;
  const rec = await api.get<Record_>(recordPath(register, id));
  await db.put('records', { ...rec, register }, about);
}

async function failed(e: Entry, err: ApiError): Promise<void> {
  const conflict = err.code === 'KT_ECONFLICT' && e.args.version !== undefined;
  await mark(e, conflict ? 'conflict' : 'refused', err.text);
}

/** Sends until nothing may be sent any more; throws when the line is gone. */
async function sendAll(user: string): Promise<void> {
  for (;;) {
    const next = sendable(await entries(), user);
    if (!next) return;
    try {
      await sendOne(next);
    } catch (e) {
      if (passing(e)) throw e;
      await failed(next, e as ApiError);
    }
    await readQueue();
    await readCases();
  }
}

/** Whom a case may be given to, for the time without a signal. */
async function keepPeople(registers: ReadonlySet<string>): Promise<void> {
  for (const r of registers) {
    const people = await peopleFor(r).catch(() => null);
    if (people) await db.put('kv', people, `people:${r}`);
  }
}

interface CaseHead {
  id: number;
  register: string;
}

async function fetchCases(): Promise<void> {
  const d = await api.get<{ items: CaseHead[] } | CaseHead[]>('/cases', { mine: 1, limit: MOST });
  const list = (Array.isArray(d) ? d : d.items).slice(0, MOST);
  const keep = new Set(list.map((c) => caseKey(c.register, c.id)));
  for (let i = 0; i < list.length; i += AT_ONCE) {
    await Promise.all(list.slice(i, i + AT_ONCE).map((c) => refresh(caseKey(c.register, c.id))));
  }
  await keepPeople(new Set(list.map((c) => c.register)));
  const waiting = new Set((await entries()).map((e) => e.about));
  for (const k of await db.keys('records'))
    if (!keep.has(String(k)) && !waiting.has(String(k))) await db.remove('records', k);
}

async function fetchMine(): Promise<void> {
  const s = await api.get<Site>('/site');
  await db.put('kv', s, 'site');
  showSite(s);
  // a line that is lost here must not take the registers off the phone
  if (!(await loadRoom())) throw new ApiError(0, 'OFFLINE', '', '');
  await db.put('kv', room.value, 'model');
  const map = await api.get<MapLayers>('/map').catch(() => null);
  if (map) {
    await db.put('kv', map, 'map');
    mapData.value = map;
  }
}

async function enter(): Promise<Me> {
  const me = await api.get<Me>('/me');
  const before = await db.get<Me>('kv', 'me');
  if (before && before.user !== me.user) await db.forget();
  await db.put('kv', me, 'me');
  if (before?.user !== me.user) await readAll();
  who.value = me;
  needLogin.value = false;
  return me;
}

async function round(): Promise<void> {
  const me = await enter();
  await sendAll(me.user);
  await fetchMine();
  await fetchCases();
  const now = Date.now();
  await db.put('kv', now, 'synced');
  syncedAt.value = now;
}

function told(e: unknown): void {
  if (e instanceof ApiError && e.status === 401) {
    needLogin.value = true;
    syncError.value = '';
  } else if (e instanceof ApiError && e.status === 0) {
    online.value = false;
    syncError.value = '';
  } else {
    syncError.value = e instanceof ApiError ? e.text : String(e);
  }
}

async function once(): Promise<void> {
  batch(() => {
    syncing.value = true;
    syncError.value = '';
  });
  try {
    await round();
    online.value = true;
  } catch (e) {
    told(e);
  }
  await Promise.all([readQueue(), readCases()]);
  syncing.value = false;
}

let wanted = false;
let running = false;

/** Sends and fetches now; a call while it runs makes one more round. Pages of one phone take turns. */
export async function sync(): Promise<void> {
  wanted = true;
  if (running) return;
  running = true;
  while (wanted) {
    wanted = false;
    if (navigator.locks)
      await navigator.locks.request('kt-phone-sync', { ifAvailable: true }, async (lock) => {
        if (lock) await once();
      });
    else await once();
  }
  running = false;
}

export function keepSyncing(): void {
  addEventListener('online', () => {
    online.value = true;
    void sync();
  });
  addEventListener('offline', () => {
    online.value = false;
  });
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') void sync();
  });
  setInterval(() => {
    if (document.visibilityState === 'visible' && !needLogin.value) void sync();
  }, AGAIN_MS);
}

export async function login(user: string, password: string): Promise<void> {
  await api.post('/login', { user, password });
  await sync();
}

export async function logout(): Promise<void> {
  await api.post('/logout').catch(() => undefined);
  await db.forget();
  who.value = null;
  needLogin.value = true;
  await readAll();
}

export async function giveUp(e: Entry): Promise<void> {
  await drop(e);
  if (typeof e.args.sha256 === 'string') await forgetPhoto(e.args.sha256);
  await readQueue();
}
