// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import {
  broken,
  type Case,
  contentOf,
  gridOf,
  minutesOf,
  monthsOf,
  over,
  paste,
  rowsText,
  setCell,
  stationMonth,
} from './grid';

const CASE: Case = {
  from: '2026-12',
  months: 2,
  stations: [{ id: 'S', capacity: 10 }],
  users: [{ id: 'U', station: 'S', capacity: 2, min_conc: 30 }],
  zones: [{ id: 'Z', coal: 100_000, content: 10, drained: 0, target: 8 }],
  sources: [
    {
      id: 'H',
      zone: 'Z',
      station: 'S',
      available: [
        { flow: 10, conc: 40 },
        { flow: 9, conc: 40 },
      ],
    },
    {
      id: 'G',
      station: 'S',
      available: [
        { flow: 5, conc: 10 },
        { flow: 5, conc: 10 },
      ],
    },
  ],
};
const plan = [
  { month: '2026-12', source: 'H', pure: 100_000 },
  { month: '2026-12', user: 'U', pure: 80_000 },
];

test('months go over the year and have their minutes', () => {
  expect(monthsOf('2026-12', 3)).toEqual(['2026-12', '2027-01', '2027-02']);
  expect(minutesOf('2027-02')).toBe(28 * 1440);
});

test('each borehole and user has a row with what it may hold', () => {
  const g = gridOf(CASE, plan);
  expect(g.rows.map((r) => [r.id, r.cells])).toEqual([
    ['H', [100_000, 0]],
    ['G', [0, 0]],
    ['U', [80_000, 0]],
  ]);
  expect(g.rows[0]!.most[0]).toBeCloseTo(10 * 0.4 * 31 * 1440);
  expect(over(g.rows[0]!.most[0]! + 1, g.rows[0]!.most[0]!)).toBe(true);
  expect(over(g.rows[0]!.most[0]!, g.rows[0]!.most[0]!)).toBe(false);
});

test('sums of a station, and what they break', () => {
  const g = gridOf(CASE, plan);
  const s = stationMonth(g, CASE, 'S', 0);
  expect([s.pure, s.used, s.mixed, s.conc]).toEqual([100_000, 80_000, 250_000, 40]);
  expect(broken(g, CASE, 'S', 0)).toEqual([]);
  expect(broken(setCell(g, 1, 0, 30_000), CASE, 'S', 0)).toEqual(['pumps', 'thin']);
  expect(broken(setCell(g, 2, 1, 1000), CASE, 'S', 1)).toEqual(['balance', 'thin']);
  expect(contentOf(g, CASE, 'Z')).toEqual([9, 9]);
});

test('a block from a sheet is laid from a cell on; what does not fit is left out', () => {
  const g = paste(gridOf(CASE, []), 0, 1, '1.5\t9\r\n-\n2\n');
  expect(g.rows.map((r) => r.cells)).toEqual([
    [0, 15_000],
    [0, 0],
    [0, 20_000],
  ]);
  expect(rowsText(g)).toBe('2027-01,hole,H,15000\n2027-01,user,U,20000\n');
});
