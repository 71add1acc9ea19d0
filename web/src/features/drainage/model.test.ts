// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { late, matrix, type Result } from './model';

const month = (m: string) => ({
  month: m,
  mixed: 0,
  pure: 0,
  used: 0,
  vented: 0,
  conc: 0,
  load: 0,
});
const r = {
  zones: [{ verdict: 'late' }, { verdict: 'open' }],
  stations: [{ id: 'S', months: [month('2026-04'), month('2026-05')] }],
  plan: [
    { month: '2026-04', user: 'P', pure: 5 },
    { month: '2026-05', source: 'H', pure: 3 },
    { month: '2026-05', source: 'H', pure: 4 },
    { month: '2026-09', source: 'H', pure: 9 },
  ],
} as unknown as Result;

test('a line a borehole, then the users; months without a row are empty, other months are not shown', () => {
  expect(matrix(r)).toEqual({
    months: ['2026-04', '2026-05'],
    lines: [
      { id: 'H', user: false, cells: [null, 7] },
      { id: 'P', user: true, cells: [5, null] },
    ],
  });
  expect(late(r)).toBe(1);
});
