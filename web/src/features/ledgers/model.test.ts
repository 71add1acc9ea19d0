// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { sumOf } from './model';

it('amounts are summed in whole smallest units', () => {
  expect(sumOf(['0.1', '0.2', '-0.3'], 2)).toBe(0);
  expect(sumOf(['1', ''], 2)).toBeNull();
  expect(sumOf(['1', 'x'], 2)).toBeNull();
});
