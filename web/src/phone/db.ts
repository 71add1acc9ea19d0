// SPDX-License-Identifier: Apache-2.0
/**
 * What the phone keeps: one IndexedDB. `kv` for single things, `records` for the assigned cases,
 * `queue` for requests that wait, `photos` for their bytes, `track` for positions of a patrol.
 * Every function resolves once the change is on disk.
 */
const NAME = 'kt-phone';
const VERSION = 1;
export type Store = 'kv' | 'records' | 'queue' | 'photos' | 'track';

let opened: Promise<IDBDatabase> | null = null;

function open(): Promise<IDBDatabase> {
  opened ??= new Promise((done, fail) => {
    const r = indexedDB.open(NAME, VERSION);
    r.onupgradeneeded = () => {
      const db = r.result;
      db.createObjectStore('kv');
      db.createObjectStore('records');
      db.createObjectStore('queue', { keyPath: 'n', autoIncrement: true });
      db.createObjectStore('photos', { keyPath: 'hash' });
      db.createObjectStore('track', { keyPath: 'n', autoIncrement: true });
    };
    r.onsuccess = () => done(r.result);
    r.onerror = () => fail(r.error);
  });
  return opened;
}

/** Runs `f` in one transaction; what it does is on disk, all or nothing, when this resolves. */
export async function tx<V>(
  stores: Store[],
  mode: IDBTransactionMode,
  f: (store: (name: Store) => IDBObjectStore) => V,
): Promise<V> {
  const db = await open();
  return new Promise<V>((done, fail) => {
    const t = db.transaction(stores, mode);
    const out = f((name) => t.objectStore(name));
    t.oncomplete = () => done(out);
    t.onerror = () => fail(t.error);
    t.onabort = () => fail(t.error);
  });
}

async function asked<V>(store: Store, ask: (s: IDBObjectStore) => IDBRequest): Promise<V> {
  const r = await tx([store], 'readonly', (s) => ask(s(store)));
  return r.result as V;
}

export const get = <V>(store: Store, key: IDBValidKey) =>
  asked<V | undefined>(store, (s) => s.get(key));
export const all = <V>(store: Store) => asked<V[]>(store, (s) => s.getAll());
export const keys = (store: Store) => asked<IDBValidKey[]>(store, (s) => s.getAllKeys());

export async function put(store: Store, value: unknown, key?: IDBValidKey): Promise<void> {
  await tx([store], 'readwrite', (s) => void s(store).put(value, key));
}

export async function remove(store: Store, key: IDBValidKey): Promise<void> {
  await tx([store], 'readwrite', (s) => void s(store).delete(key));
}

/** Everything but what waits to be sent: another person takes the phone. */
export async function forget(): Promise<void> {
  await tx(['kv', 'records', 'track'], 'readwrite', (s) => {
    s('kv').clear();
    s('records').clear();
    s('track').clear();
  });
}
