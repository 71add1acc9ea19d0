// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { Kpi } from '../../api/records';
import { bars, judged, remedy } from './judge';

const kpi: Kpi = {
  from: 0,
  to: 1,
  total: 100,
  stale: 2,
  acknowledged: 90,
  ack_seconds: 60,
  priority: {},
  per_10min: [],
  average: 0.8,
  peak: 14,
  flood_periods: 1,
  flood_share: 0.06,
  top: [
    { point: 'a', rule: 'r', name: 'a', count: 3, share: 0.03 },
    { point: 'b', rule: 'r', name: 'b', count: 1, share: 0.01 },
  ],
  chattering: [],
};

describe('alarm figures', () => {
  it('are held against target and limit', () => {
    expect(Object.fromEntries(judged(kpi).map((f) => [f.id, f.grade]))).toEqual({
      average: 'met',
      peak: 'near',
      floods: 'bad',
      stale: 'near',
      chattering: 'met',
      ten: 'met',
      ack: 'none',
    });
  });
  it('a statutory alarm is never to be loosened, a fault is mended', () => {
    const rule = { id: 'r', title: '', priority: 1 as const, category: 'over-limit' };
    expect(remedy(true, { ...rule, statutory: true })).toBe('statutory');
    expect(remedy(true, rule)).toBe('chatter');
    expect(remedy(false, { ...rule, category: 'fault', statutory: true })).toBe('fault');
    expect(remedy(false, undefined)).toBe('limit');
  });
  it('bars keep the worst period', () => {
    expect(bars([1, 9, 0, 2, 3], 3)).toEqual({ n: [9, 2, 3], each: 2 });
    expect(bars([1, 2], 10).n).toEqual([1, 2]);
  });
});
