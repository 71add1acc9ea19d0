// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { moved } from './ReportsScreen';

it('days move over months and years, nonsense stays', () => {
  expect(moved('2026-03-01', -1)).toBe('2026-02-28');
  expect(moved('2026-12-31', 1)).toBe('2027-01-01');
  expect(moved('x', 1)).toBe('x');
});
