// SPDX-License-Identifier: Apache-2.0
/** The address after `#`: `#/alarms?tab=shelved`. Every state worth sharing is in it. */
import { signal } from '@preact/signals';

export interface Route {
  /** "/alarms/12" → ["alarms", "12"] */
  parts: string[];
  query: Record<string, string>;
}

export function parseRoute(hash: string): Route {
  const [path = '', search = ''] = hash.replace(/^#\/?/, '').split('?');
  const parts = path.split('/').filter(Boolean).map(safeDecode);
  const query: Record<string, string> = {};
  for (const [k, v] of new URLSearchParams(search)) query[k] = v;
  return { parts, query };
}

function safeDecode(s: string): string {
  try {
    return decodeURIComponent(s);
  } catch {
    return s;
  }
}

export function href(parts: readonly string[], query: Record<string, string> = {}): string {
  const search = new URLSearchParams(query).toString();
  return `#/${parts.map(encodeURIComponent).join('/')}${search ? `?${search}` : ''}`;
}

export const route = signal<Route>(parseRoute(''));

export function go(parts: readonly string[], query: Record<string, string> = {}): void {
  location.hash = href(parts, query);
}

/** Changes parts of the query without a new entry in the browser's history. */
export function setQuery(change: Record<string, string | null>): void {
  const query = { ...route.value.query };
  for (const [k, v] of Object.entries(change)) {
    if (v === null || v === '') delete query[k];
    else query[k] = v;
  }
  history.replaceState(null, '', href(route.value.parts, query));
  route.value = { parts: route.value.parts, query };
}

/** Asked before the screen follows another address; one that answers false keeps the old one. */
export const guards = new Set<(to: string) => boolean>();

export function followRoute(): void {
  const read = () => {
    const to = location.hash;
    if (![...guards].every((g) => g(to))) {
      history.replaceState(null, '', href(route.value.parts, route.value.query));
      return;
    }
    route.value = parseRoute(to);
  };
  addEventListener('hashchange', read);
  read();
}
