// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { walkOf } from './walk';

const fix = (n: number, more = {}) => ({
  n,
  t: 1000 * n,
  lon: 1,
  lat: 2,
  accuracy: 5.4,
  x: n,
  y: 2 * n,
  ...more,
});

describe('a walk', () => {
  it('has positions with time and accuracy, and check-ins by place where there is none', () => {
    const under = { accuracy: 0, x: undefined, y: undefined };
    const w = walkOf([
      fix(1),
      fix(2, { note: '一号风门' }),
      fix(3, { ...under, note: '到', place: 'T1' }),
      fix(4, { ...under, note: '不知在哪' }),
    ]);
    expect(w.points).toEqual([
      [1000, 1, 2, 5],
      [2000, 2, 4, 5],
    ]);
    expect(w.checks).toEqual([
      { time: 2000, x: 2, y: 4, accuracy: 5, note: '一号风门' },
      { time: 3000, place: 'T1', note: '到' },
    ]);
  });

  it('keeps its first and last position however long it is, with times rising', () => {
    const w = walkOf(Array.from({ length: 20_000 }, (_, i) => fix(i + 1)));
    expect(w.points.length).toBe(5000);
    expect(w.points[0]![0]).toBe(1000);
    expect(w.points.at(-1)![0]).toBe(20_000_000);
    expect(w.points.every((p, i) => i === 0 || p[0] > w.points[i - 1]![0])).toBe(true);
  });
});
