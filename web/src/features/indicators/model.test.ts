// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { period } from './model';

it('periods begin at midnight of the site', () => {
  const east = 8 * 3600_000;
  const at = Date.UTC(2026, 10, 30, 17); // 1 December, 01:00 at the site
  expect(
    period(at, 'month', east).map((x) => new Date(x + east).toISOString().slice(0, 10)),
  ).toEqual(['2026-12-01', '2027-01-01']);
  expect(new Date(period(at, 'quarter', east)[0] + east).toISOString().slice(0, 10)).toBe(
    '2026-10-01',
  );
  expect(new Date(period(at, 'year', east)[1] + east).toISOString().slice(0, 10)).toBe(
    '2027-01-01',
  );
});
