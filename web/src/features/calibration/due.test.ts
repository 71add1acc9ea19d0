// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { PointInfo } from '../../api/model';
import { dues, isSoon } from './due';

const DAY = 86_400_000;
const p = (id: string, cutoff = true) =>
  ({ id, cutoff, test_days: id === 'a' ? 183 : 15 }) as PointInfo;
const test = (point: string, days: number, overdue = false) => ({
  point,
  passed: true,
  overdue,
  by: 'x',
  at: 100 * DAY - days * DAY,
  last_pass: 100 * DAY - days * DAY,
});

describe('interlock tests', () => {
  it('overdue first, then what comes next, other sensors not at all', () => {
    const list = dues(
      [p('a'), p('b'), p('c'), p('d'), p('e', false)],
      [test('a', 2), test('b', 16, true), test('c', 12)],
      100 * DAY,
    );
    expect(list.map((d) => d.p.id)).toEqual(['b', 'd', 'c', 'a']);
    expect(list.map((d) => Math.round(d.left ?? Number.NaN))).toEqual([-1, Number.NaN, 3, 181]);
    expect(list.filter(isSoon).map((d) => d.p.id)).toEqual(['d', 'c']);
  });
});
