// SPDX-License-Identifier: Apache-2.0
import { beforeEach, expect, describe as group, it } from 'vitest';
import type { JournalEvent } from '../api/records';
import { lang } from '../app/i18n';
import { csvText } from './csv';
import { byOf, describe, subjectOf, typeOf, typeWord } from './describe';

const event = (kind: string, body: Record<string, unknown>, more = {}): JournalEvent => ({
  seq: 1,
  time: 0,
  kind,
  origin: 'wang',
  body,
  ...more,
});

beforeEach(() => {
  lang.value = 'en';
});

group('events in words', () => {
  it('an alarm tells its rule and what changed', () => {
    const e = event(
      'outcome',
      { type: 'alarm', change: 'raise', point: 'T1', rule: 'gas', value: 1.2 },
      { title: '瓦斯超限', title_en: 'Methane over limit' },
    );
    expect(typeOf(e)).toBe('alarm');
    expect(subjectOf(e)).toBe('T1');
    expect(describe(e)).toBe('Methane over limit · raised · 1.2');
    lang.value = 'zh';
    expect(describe(e)).toContain('瓦斯超限 · 发生');
  });
  it('a step of a linkage tells which it was and whether it failed', () => {
    const step = { type: 'incident', change: 'step', step: 'broadcast', rule: 'gas.cut' };
    expect(describe(event('outcome', { ...step, state: 'failed', text: '3/4' }))).toBe(
      'Broadcast · failed · 3/4',
    );
  });
  it('a request names the person and the verb', () => {
    const e = event('request', { verb: 'alarm.ack', args: { alarms: [3, 4], note: 'seen' } });
    expect(byOf(e)).toBe('wang');
    expect(describe(e)).toBe('acknowledge alarms · #3 #4 · seen');
  });
  it('a limit tells before and after, and both persons', () => {
    const e = event('outcome', {
      type: 'limit',
      change: 'approve',
      point: 'T1',
      name: 'alarm',
      before: 1,
      value: 0.8,
      by: 'zhao',
      second: 'sun',
      reason: 'fault zone',
    });
    expect(describe(e)).toBe('approved · alarm · 1 → 0.8 · fault zone');
    expect(byOf(e)).toBe('zhao + sun');
  });
  it('a change of an account tells whose, what, and the roles before and now', () => {
    const e = event('outcome', {
      type: 'account',
      change: 7,
      user: 'wang',
      by: 'guard',
      what: ['roles'],
      roles: ['dispatcher'],
      before: [],
    });
    expect(describe(e)).toBe('wang · roles changed · – → dispatcher');
    expect(byOf(e)).toBe('guard');
  });
  it('an unknown type is shown as it is', () => {
    expect(typeWord('quake')).toBe('quake');
    expect(describe(event('outcome', { type: 'quake', text: 'strong' }))).toBe('strong');
  });
});

group('CSV', () => {
  it('quotes, keeps numbers, and no cell is a formula', () => {
    expect(
      csvText(
        ['a', 'b'],
        [
          ['x "y"', 1.5],
          ['=1+1', null],
        ],
      ),
    ).toBe('\ufeff"a","b"\r\n"x ""y""",1.5\r\n"\'=1+1",""\r\n');
  });
});
