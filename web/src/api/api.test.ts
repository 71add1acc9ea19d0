// SPDX-License-Identifier: Apache-2.0
import { afterEach, describe, expect, it, vi } from 'vitest';
import { AlarmBook } from './alarms';
import { ApiError, api, request, url } from './client';
import type { Alarm } from './model';
import { PointTable } from './points';
import { loadSite, SiteModel, showSiteOf, site } from './site';
import { type SseEvent, SseParser, Stream } from './sse';
import { World } from './world';

const alarm = (id: number, more: Partial<Alarm> = {}): Alarm => ({
  id,
  rule: 'gas.over-limit',
  point: `P${id}`,
  place: 'face',
  state: 'unack',
  priority: 2,
  category: 'over-limit',
  raised: id * 1000,
  ...more,
});

afterEach(() => vi.unstubAllGlobals());

describe('the site of a past second', () => {
  const point = (id: string, i: number, name = id) => ({ id, i, name, kind: 'analog', role: 'r' });
  const place = (id: string, name: string) => ({ id, kind: 'mine', name });
  const today = new SiteModel(
    {
      id: 's',
      name: 's',
      simulation: true,
      roles: [],
      rules: [],
      places: [place('mine', '矿')],
    } as never,
    [point('T1', 0, 'now'), point('T8', 1)] as never,
  );

  it('stays on the screen when the running site is read anew', async () => {
    const answers = { site: { ...today.site, hash: 'new' }, points: { items: [], next: null } };
    vi.stubGlobal('fetch', async (path: string) =>
      Response.json(path.includes('/site') ? answers.site : answers.points),
    );
    await loadSite();
    showSiteOf({ hash: 'old', same: false });
    await loadSite();
    expect(site.value.site.hash).toBe('old');
    showSiteOf();
    expect(site.value.site.hash).toBe('new');
  });

  it('has its own points and places over those that stayed', () => {
    const then = today.asOf({
      hash: 'h',
      same: false,
      points: [point('T1', 0, 'then'), point('T9', 2)] as never,
      ended: [1],
      places: [place('mine', '旧名')] as never,
    });
    expect(then.points.map((p) => p.name)).toEqual(['then', 'T9']);
    expect(then.pointByIndex[1]).toBeUndefined();
    expect(then.placeName('mine')).toBe('旧名');
    expect([then.site.hash, then.past, today.past]).toEqual(['h', true, false]);
    expect(today.pointById.get('T1')?.name).toBe('now');
  });
});

describe('server-sent events', () => {
  it('come out whole however the bytes are cut', () => {
    const text =
      ': hi\n\nid: 7\nevent: live\ndata: {"a":1}\n\nid: 8\r\nevent: clock\r\ndata: x\r\ndata: y\r\n\r\n';
    for (let cut = 1; cut < text.length; cut++) {
      const got: SseEvent[] = [];
      const p = new SseParser((e) => got.push(e));
      p.push(text.slice(0, cut));
      p.push(text.slice(cut));
      expect(got).toEqual([
        { type: 'live', data: '{"a":1}', id: '7' },
        { type: 'clock', data: 'x\ny', id: '8' },
      ]);
    }
  });

  it('resume after a lost line with the id of the last event', async () => {
    const asked: (string | null)[] = [];
    const states: string[] = [];
    const seen: string[] = [];
    vi.stubGlobal('fetch', async (_: string, init: RequestInit) => {
      asked.push(new Headers(init.headers).get('Last-Event-ID'));
      const n = asked.length;
      return new Response(
        new ReadableStream({
          start(c) {
            c.enqueue(new TextEncoder().encode(`id: ${n}\nevent: alarm\ndata: ${n}\n\n`));
            if (n < 2) c.close();
          },
        }),
      );
    });
    const done = new Promise<void>((resolve) => {
      const s = new Stream(() => 'x', {
        event: (_, d) => {
          seen.push(String(d));
          if (seen.length === 2) {
            s.close();
            resolve();
          }
        },
        state: (x) => states.push(x),
      });
      s.open();
    });
    await done;
    expect(asked).toEqual([null, '1']);
    expect(seen).toEqual(['1', '2']);
    expect(states).toContain('down');
  });
});

describe('client', () => {
  it('sends the header against forgery with writes and says the refusal', async () => {
    const calls: [string, RequestInit][] = [];
    vi.stubGlobal('fetch', async (u: string, init: RequestInit) => {
      calls.push([u, init]);
      return new Response(
        '{"error":{"code":"KT_EDENIED","text":"no right","text_zh":"没有权限"}}',
        { status: 403 },
      );
    });
    const e = await request('alarm.ack', { alarms: [1] }).catch((x: unknown) => x);
    expect(e).toBeInstanceOf(ApiError);
    expect((e as ApiError).text).toBe('没有权限');
    expect(new Headers(calls[0]![1].headers).get('X-Kuangtu')).toBe('1');
    expect(JSON.parse(String(calls[0]![1].body)).key).toMatch(/./);
  });

  it('reads all pages of a list', async () => {
    vi.stubGlobal('fetch', async (u: string) => {
      const at = Number(new URL(u, 'http://x').searchParams.get('cursor') ?? 0);
      return new Response(
        JSON.stringify({ items: [at, at + 1], next: at < 4 ? String(at + 2) : null }),
      );
    });
    expect(await api.all<number>('/points')).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('leaves out what is not asked', () => {
    expect(url('/alarms', { q: '', state: 'active', limit: undefined })).toBe(
      'api/v1/alarms?state=active',
    );
  });
});

describe('points', () => {
  it('grow on demand and tell only who watches', () => {
    const t = new PointTable();
    const s = t.at(5000);
    expect(s.value.q).toBe('never');
    t.apply([
      [5000, 1.12, 'normal', 10],
      [3, null, 'broken', 11],
    ]);
    expect(s.value).toEqual({ v: 1.12, q: 'normal', t: 10 });
    expect(t.peek(3)).toEqual({ v: null, q: 'broken', t: 11 });
    expect(t.peek(4).q).toBe('never');
    t.apply([[3, 2, 'a quality of tomorrow', 12]]);
    expect(t.peek(3).q).toBe('never');
    t.clear();
    expect(s.value.v).toBeNull();
  });
});

describe('alarms', () => {
  it('stand worst first, then oldest; ended ones leave', () => {
    const b = new AlarmBook();
    b.replace([alarm(3), alarm(1, { priority: 3 }), alarm(2), alarm(9, { state: 'normal' })]);
    expect(b.active.value.map((a) => a.id)).toEqual([2, 3, 1]);
    b.apply(alarm(2, { state: 'normal', change: 'clear' }));
    expect(b.active.value.map((a) => a.id)).toEqual([3, 1]);
    expect(b.counts.value).toEqual({ 1: 0, 2: 1, 3: 1, 4: 0 });
  });

  it('keep what a change does not carry, and leave the live list when shelved', () => {
    const b = new AlarmBook();
    b.replace([alarm(1, { name: '回风瓦斯' })]);
    const heard: string[] = [];
    b.onChange((a) => heard.push(`${a.change} ${a.name}`));
    b.apply(alarm(1, { state: 'shelved', change: 'shelve' }));
    expect(heard).toEqual(['shelve 回风瓦斯']);
    expect(b.unacked.value).toEqual([]);
    expect(b.list.value).toHaveLength(1);
  });
});

describe('world', () => {
  it('applies the stream and tells outcomes by type', () => {
    const w = new World('live');
    const heard: unknown[] = [];
    w.on('limit', (x) => heard.push(x));
    w.event('clock', { now: 5, engine: 4, lag_ms: 7, drill: true });
    w.event('live', { t: 1, p: [[2, 3, 'normal', 1]] });
    w.event('alarm', alarm(1));
    w.event('outcome', { type: 'limit', point: 'T1' });
    w.event('kind of tomorrow', {});
    expect(w.now.value).toBe(4);
    expect(w.drill.value).not.toBe('');
    expect(w.points.peek(2).v).toBe(3);
    expect(w.alarms.active.value).toHaveLength(1);
    expect(heard).toEqual([{ type: 'limit', point: 'T1' }]);
  });
});
