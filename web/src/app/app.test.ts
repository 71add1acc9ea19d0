// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { age, decimalsOf, fromInput, fullStamp, num, span, toInput, unitSign } from './format';
import { helpOf } from './help/texts';
import { initials } from './pinyin';
import { Registry } from './registry';
import { href, parseRoute } from './router';
import { findHits } from './shell/Search';
import { histogram } from './shell/TimeBar';
import { due, type Schedule } from './sound';

describe('registry', () => {
  it('keeps order, refuses doubles, lets go', () => {
    const r = new Registry<{ id: string; order?: number }>('thing');
    const off = r.add({ id: 'b', order: 20 });
    r.add({ id: 'a', order: 10 });
    expect(r.list.map((x) => x.id)).toEqual(['a', 'b']);
    expect(() => r.add({ id: 'a' })).toThrow('registered twice');
    off();
    expect(r.get('b')).toBeUndefined();
  });
});

describe('help', () => {
  it('says of every screen what it is for', () => {
    const sources = import.meta.glob('../features/*/index.ts*', {
      query: '?raw',
      import: 'default',
      eager: true,
    }) as Record<string, string>;
    const ids = Object.values(sources).flatMap((s) =>
      [...s.matchAll(/screens\.add\(\{\s*id: '([\w-]+)'/g)].map((m) => m[1]!),
    );
    expect(ids.length).toBeGreaterThan(30);
    expect(ids.filter((id) => !helpOf(id))).toEqual([]);
  });
});

describe('format', () => {
  it('shows times at the offset of the site', () => {
    const ms = Date.UTC(2026, 10, 21, 6, 32, 7);
    expect(fullStamp(ms)).toBe('2026-11-21 14:32:07');
    expect(fromInput(toInput(ms))).toBe(ms);
    expect(fromInput('nonsense')).toBeNull();
  });

  it('shows spans and ages', () => {
    expect(span(134_000)).toBe('02:14');
    expect(span(3_734_000)).toBe('1:02:14');
    expect(span(3 * 86_400_000)).toBe('3d 00h');
    expect(age(2_400)).toBe('2s');
    expect(age(86_400_000 * 3)).toBe('3d');
  });

  it('have the signs of their units', () => {
    expect(
      ['degC', 'm3/min', 'mg/m3', '%CH4', 'min', 'mm', 'kohm', '1', '1/s'].map(unitSign),
    ).toEqual(['℃', 'm³/min', 'mg/m³', '%CH4', 'min', 'mm', 'kΩ', '', '/s']);
  });

  it('writes as many decimals as the point resolves', () => {
    expect(decimalsOf(0.01)).toBe(2);
    expect(decimalsOf(0.1)).toBe(1);
    expect(decimalsOf(1)).toBe(0);
    expect(num(1.1, 2)).toBe('1.10');
  });
});

describe('router', () => {
  it('reads and writes addresses', () => {
    const r = parseRoute('#/o/T2%2F1203?from=1&q=%E9%A3%8E');
    expect(r.parts).toEqual(['o', 'T2/1203']);
    expect(r.query).toEqual({ from: '1', q: '风' });
    expect(parseRoute(href(r.parts, r.query))).toEqual(r);
    expect(parseRoute('#/%E0%A4%A').parts).toHaveLength(1);
  });
});

describe('pinyin initials', () => {
  it('find 回风巷 by hfx', () => {
    expect(initials('1203回风巷')).toBe('1203hfx');
    expect(initials('采煤工作面')).toBe('cmgzm');
    expect(initials('主运大巷')).toBe('zydx');
  });

  it('rank hits: name first, then words, then initials', () => {
    const e = (text: string, short: string) => ({
      text,
      short,
      hit: { title: text, hint: '', run: () => {} },
    });
    const list = [e('x 回风', 'hf'), e('hf-1 x', ''), e('a hf b', '')];
    expect(findHits(list, 'hf').map((h) => h.title)).toEqual(['hf-1 x', 'a hf b', 'x 回风']);
    expect(findHits(list, '  ')).toEqual([]);
  });
});

describe('time bar', () => {
  it('counts alarms in equal parts, urgent ones apart', () => {
    const a = (raised: number, priority: 1 | 2 | 3 | 4) => ({ raised, priority });
    const h = histogram([a(0, 1), a(9, 4), a(10, 2), a(99, 3), a(100, 1), a(-1, 1)], 0, 100, 10);
    expect(h[0]).toEqual({ high: 1, low: 1 });
    expect(h[1]).toEqual({ high: 1, low: 0 });
    expect(h[9]).toEqual({ high: 0, low: 1 });
  });
});

describe('sound', () => {
  it('repeats until acknowledged and rises every minute for the urgent', () => {
    let s: Schedule = { worst: 0, lastPlayed: 0, since: 0 };
    const played: [number, number, number][] = [];
    for (let ms = 0; ms <= 130_000; ms += 500) {
      const r = due(s, ms < 120_000 ? 1 : 0, ms);
      s = r.next;
      if (r.play) played.push([ms, r.play, r.loud]);
    }
    expect(played.slice(0, 3).map((p) => p[0])).toEqual([0, 2500, 5000]);
    expect(played.find((p) => p[0] === 60_000)?.[2]).toBe(1.25);
    expect(played.at(-1)![0]).toBeLessThan(120_000);
  });

  it('sounds a worse alarm at once', () => {
    const a = due({ worst: 0, lastPlayed: 0, since: 0 }, 3, 1000);
    expect(a.play).toBe(3);
    expect(due(a.next, 3, 2000).play).toBe(0);
    expect(due(a.next, 1, 2000).play).toBe(1);
  });
});
