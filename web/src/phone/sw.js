// SPDX-License-Identifier: Apache-2.0
// The phone page without a signal: the page and its files come from the cache of this build; the
// server's answers are never kept here (src/phone/db.ts keeps what the person needs).
const CACHE = 'kt-phone-__VERSION__';
const FILES = __FILES__;
const known = new Set([...FILES, './phone'].map((f) => new URL(f, self.location).pathname));

self.addEventListener('install', (e) => {
  const fresh = (f) => new Request(f, { cache: 'reload' });
  e.waitUntil(
    caches
      .open(CACHE)
      .then((c) => c.addAll(['./phone', ...FILES].map(fresh)))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener('activate', (e) => {
  const old = (names) => names.filter((n) => n.startsWith('kt-phone-') && n !== CACHE);
  e.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(old(names).map((n) => caches.delete(n))))
      .then(() => self.clients.claim()),
  );
});

self.addEventListener('fetch', (e) => {
  const url = new URL(e.request.url);
  if (e.request.method !== 'GET' || url.origin !== self.location.origin) return;
  if (!known.has(url.pathname)) return;
  e.respondWith(
    caches
      .open(CACHE)
      .then((c) => c.match(url.pathname))
      .then((hit) => hit ?? fetch(e.request)),
  );
});
