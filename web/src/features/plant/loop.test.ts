// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import type { HistorySeries } from '../../api/model';
import { columnsOf, HOLDS } from './loop';

const series = (id: string, t: number[], mean: (number | null)[]) =>
  ({ id, t, mean, min: mean, max: mean }) as unknown as HistorySeries;

test('what is stored thinly holds for a while, then it is a gap', () => {
  const t = [0, HOLDS / 2, HOLDS, HOLDS * 2];
  const [time, set, value, out, low, high] = columnsOf(
    [series('S', t, [4, null, null, null]), series('V', t, [3.9, 4.1, 4, null])],
    2,
  );
  expect(time).toEqual(t);
  expect(set).toEqual([4, 4, 4, null]);
  expect(value).toEqual([3.9, 4.1, 4, 4]);
  expect(out).toEqual([null, null, null, null]);
  expect([low, high]).toEqual([
    [3.9, 4.1, 4, null],
    [3.9, 4.1, 4, null],
  ]);
});
