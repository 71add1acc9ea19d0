// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { timeTicks, valueRange, valueTicks } from './scale';

const H8 = 8 * 3600_000;

describe('time ticks', () => {
  it('stand on round local times and say the day once', () => {
    const from = Date.UTC(2026, 2, 1, 14, 30); // 22:30 at the site
    const ticks = timeTicks(from, from + 6 * 3600_000, 600, H8);
    expect(ticks.map((x) => x.text)).toEqual([
      '23:00',
      '00:00',
      '01:00',
      '02:00',
      '03:00',
      '04:00',
    ]);
    expect(ticks.filter((x) => x.day).map((x) => x.day)).toEqual(['2026-03-01', '2026-03-02']);
  });
  it('go from milliseconds to years and never crowd', () => {
    for (const span of [
      500,
      5e3,
      6e4,
      36e5,
      864e5,
      7 * 864e5,
      30 * 864e5,
      365 * 864e5,
      3650 * 864e5,
    ]) {
      const ticks = timeTicks(1.7e12, 1.7e12 + span, 1000, H8);
      expect(ticks.length).toBeGreaterThan(1);
      expect(ticks.length).toBeLessThanOrEqual(13);
    }
  });
  it('months begin on the first at the site', () => {
    const ticks = timeTicks(Date.UTC(2025, 0, 1), Date.UTC(2026, 0, 1), 1000, H8);
    expect(ticks.every((x) => new Date(x.at + H8).getUTCDate() === 1)).toBe(true);
  });
});

describe('value axis', () => {
  it('ticks are round and inside', () => {
    expect(valueTicks(0.1, 1.6, 170).map((v) => Math.round(v * 10) / 10)).toEqual([0.5, 1, 1.5]);
  });
  it('takes limits in while the data keeps a fifth of the height', () => {
    const [lo, hi] = valueRange(0.4, 0.6, [1.0, 30]);
    expect(hi).toBeGreaterThan(1);
    expect(hi).toBeLessThan(2);
    expect(lo).toBeLessThan(0.4);
  });
  it('flat or missing data still has a range', () => {
    expect(valueRange(5, 5, [])[1]).toBeGreaterThan(5);
    expect(valueRange(Infinity, -Infinity, [])).toHaveLength(2);
  });
});
