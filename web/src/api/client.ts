// SPDX-License-Identifier: Apache-2.0
/** One way to the server: JSON in and out, the CSRF header on writes, errors with the server's text. */
import { lang } from '../app/i18n';
import { t } from '../app/texts';
import zh from '../app/zh.json';

export const BASE = 'api/v1';

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly textZh?: string,
    readonly problems: readonly unknown[] = [],
  ) {
    super(message);
  }

  /** In the language of the screen. */
  get text(): string {
    if (lang.value !== 'zh') return this.message;
    if (this.textZh) return this.textZh;
    const key = `err.${this.code}`;
    const lead = key in zh ? t(key as keyof typeof zh) : '';
    return lead ? `${lead}：${this.message}` : this.message;
  }
}

export type Query = Record<
  string,
  string | number | boolean | readonly string[] | undefined | null
>;

export function url(path: string, query: Query = {}): string {
  const q = new URLSearchParams();
  for (const [k, v] of Object.entries(query)) {
    if (v === undefined || v === null || v === '') continue;
    q.set(k, Array.isArray(v) ? v.join(',') : String(v));
  }
  const s = q.toString();
  return `${BASE}${path}${s ? `?${s}` : ''}`;
}

let onUnauthorised = () => {};
/** The shell hears here that the session has ended. */
export function whenUnauthorised(f: () => void): void {
  onUnauthorised = f;
}

async function errorOf(res: Response): Promise<ApiError> {
  const body = (await res.json().catch(() => null)) as {
    error?: { code?: string; text?: string; text_zh?: string; problems?: unknown[] };
  } | null;
  const e = body?.error;
  return new ApiError(
    res.status,
    e?.code ?? `HTTP ${res.status}`,
    e?.text ?? `HTTP ${res.status}`,
    e?.text_zh,
    e?.problems,
  );
}

async function call<V>(
  method: string,
  path: string,
  query: Query,
  body?: unknown,
  mine?: string,
): Promise<V> {
  const headers: Record<string, string> = { Accept: 'application/json' };
  if (mine) headers['X-Kuangtu-Mine'] = mine;
  if (method !== 'GET') headers['X-Kuangtu'] = '1';
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  let res: Response;
  try {
    res = await fetch(url(path, query), {
      method,
      headers,
      credentials: 'same-origin',
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch {
    throw new ApiError(0, 'OFFLINE', 'The server does not answer.', '服务器没有应答。');
  }
  if (!res.ok) {
    const e = await errorOf(res);
    if (res.status === 401 && path !== '/login') onUnauthorised();
    throw e;
  }
  if (res.status === 204) return undefined as V;
  return (await res.json()) as V;
}

export const api = {
  get: <V>(path: string, query: Query = {}) => call<V>('GET', path, query),
  /** Asked of the node of the region that has this mine; it is passed on there. */
  getAt: <V>(mine: string, path: string, query: Query = {}) =>
    call<V>('GET', path, query, undefined, mine),
  postAt: <V>(mine: string, path: string, body: unknown = {}) =>
    call<V>('POST', path, {}, body, mine),
  post: <V>(path: string, body: unknown = {}) => call<V>('POST', path, {}, body),
  del: <V>(path: string) => call<V>('DELETE', path, {}),
  patch: <V>(path: string, body: unknown) => call<V>('PATCH', path, {}, body),
  /** All pages of a list, at most `max` items. */
  async all<V>(path: string, query: Query = {}, max = 50_000): Promise<V[]> {
    const out: V[] = [];
    let cursor: string | undefined;
    do {
      const page = await api.get<{ items: V[]; next?: string | null }>(path, { ...query, cursor });
      out.push(...page.items);
      cursor = page.next ?? undefined;
    } while (cursor && out.length < max);
    return out;
  },
};

let counter = 0;
/** A key that makes a repeated request harmless. */
export function requestKey(): string {
  const rnd = new Uint32Array(2);
  crypto.getRandomValues(rnd);
  counter += 1;
  return `${Date.now().toString(36)}-${counter}-${rnd[0]!.toString(36)}${rnd[1]!.toString(36)}`;
}

export interface Verdict {
  seq: number;
  result: Record<string, unknown> | null;
}

/** Name of this browser as a console: mutes and heartbeats are its own. */
export const consoleId = (() => {
  try {
    const kept = sessionStorage.getItem('kt.console') ?? `c-${requestKey()}`;
    sessionStorage.setItem('kt.console', kept);
    return kept;
  } catch {
    return `c-${requestKey()}`;
  }
})();

/** A person's decision: one event in the journal; resolves with the verdict or throws ApiError. */
export function request(
  verb: string,
  args: Record<string, unknown>,
  key = requestKey(),
): Promise<Verdict> {
  return api.post<Verdict>('/requests', { verb, args, key, console: consoleId });
}
