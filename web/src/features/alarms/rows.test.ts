// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { Alarm } from '../../api/model';
import { SiteModel } from '../../api/site';
import { lastParts } from './KpiLine';
import { fold, hold, inTab, keeps, lasted, readFilter } from './rows';

const site = new SiteModel(
  {
    id: 's',
    name: 's',
    simulation: true,
    roles: [{ id: 'ch4', title: '甲烷', group: 'gas' }],
    places: [
      { id: 'mine', kind: 'mine', name: '矿' },
      { id: 'p', parent: 'mine', kind: 'panel', name: '采区' },
      { id: 'face', parent: 'p', kind: 'face', name: '工作面' },
    ],
    rules: [],
  },
  [{ id: 'T1', i: 0, name: '工作面瓦斯', kind: 'analog', role: 'ch4', place: 'face' }],
);

const alarm = (id: number, more: Partial<Alarm> = {}): Alarm => ({
  id,
  rule: 'r',
  point: 'T1',
  place: 'face',
  state: 'unack',
  priority: 1,
  category: 'over-limit',
  raised: id,
  ...more,
});

describe('rows', () => {
  it('stand until they are over; one that came again stands', () => {
    const a = alarm(1, { raised: 1000, cleared: 4000 });
    expect(lasted(a, 9000)).toBe(8000);
    expect(lasted({ ...a, state: 'rtn' }, 9000)).toBe(3000);
    expect(lasted({ ...a, state: 'normal' }, 9000)).toBe(3000);
  });

  it('filter by priority, place with all below, group and words', () => {
    const f = (q: Record<string, string>) => keeps(readFilter(q), site)(alarm(1));
    expect(f({ priority: '1,2', place: 'p', group: 'gas', q: '瓦斯', unacked: '1' })).toBe(true);
    expect(f({ priority: '2' })).toBe(false);
    expect(f({ place: 'elsewhere' })).toBe(false);
    expect(f({ group: 'wind' })).toBe(false);
    expect(keeps(readFilter({ unacked: '1' }), site)(alarm(1, { state: 'ack' }))).toBe(false);
  });

  it('stand in the tab of their state', () => {
    expect(inTab(alarm(1, { state: 'rtn' }), 'active')).toBe(true);
    expect(inTab(alarm(1, { state: 'shelved' }), 'active')).toBe(false);
    expect(inTab(alarm(1, { state: 'oos' }), 'oos')).toBe(true);
  });

  it('fold under the first of their cause, unless it is not in the list', () => {
    const list = [
      alarm(1),
      alarm(2, { first_out: 1 }),
      alarm(3, { first_out: 1 }),
      alarm(4, { first_out: 99 }),
    ];
    const folded = fold(list, new Set(), true);
    expect(folded.map((r) => [r.alarm.id, r.followers])).toEqual([
      [1, 2],
      [4, 0],
    ]);
    expect(fold(list, new Set([1]), true).map((r) => r.alarm.id)).toEqual([1, 2, 3, 4]);
    expect(fold(list, new Set(), false)).toHaveLength(4);
  });

  it('keep their places while somebody works in the list', () => {
    const row = (a: Alarm) => ({ alarm: a, followers: 0, child: false });
    const held = [row(alarm(2)), row(alarm(1))];
    const now = [row(alarm(3)), row(alarm(2, { state: 'ack' }))];
    const h = hold(held, now);
    expect(h.rows.map((r) => [r.alarm.id, r.alarm.state])).toEqual([
      [2, 'ack'],
      [1, 'normal'],
    ]);
    expect(h.waiting).toBe(1);
  });

  it('show the last two hours, with none where the record is shorter', () => {
    expect(lastParts([3, 4])).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 4]);
    expect(lastParts(Array.from({ length: 20 }, (_, i) => i))).toHaveLength(12);
  });
});
