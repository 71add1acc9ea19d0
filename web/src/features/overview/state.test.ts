// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { spans, sum, tally } from './state';

const seen = [
  { v: 1, bad: false },
  { v: 0, bad: false },
  { v: 2, bad: true },
  { v: null, bad: false },
];

describe('the mine on one screen', () => {
  it('counts what is silent as neither on nor off', () => {
    expect(tally(seen)).toEqual({ on: 1, off: 1, silent: 2 });
    expect(sum(seen)).toEqual({ value: 1, silent: 2 });
    expect(sum([{ v: null, bad: false }]).value).toBe(null);
  });
  it('knows the day and month of the site', () => {
    const now = Date.parse('2026-11-30T17:00:00Z');
    expect(spans(now, 8 * 3600)).toEqual({
      day: Date.parse('2026-12-01T00:00:00+08:00'),
      month: Date.parse('2026-12-01T00:00:00+08:00'),
    });
  });
});
