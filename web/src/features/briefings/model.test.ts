// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { dayStart, sectionsOf, widths } from './model';

describe('a briefing', () => {
  it('falls into its sections', () => {
    const doc = {
      title: 'T',
      from: 0,
      to: 1,
      blocks: [
        { heading: 1, text: 'T' },
        { text: 'county' },
        { heading: 2, text: 'A' },
        { columns: ['x'], rows: [['1']] },
        { text: 'one' },
        { heading: 2, text: 'B' },
      ],
    };
    const got = sectionsOf(doc);
    expect(got.head).toEqual(['county']);
    expect(got.sections.map((s) => [s.title, s.texts, s.tables.length])).toEqual([
      ['A', ['one'], 1],
      ['B', [], 0],
    ]);
  });
  it('takes days of the site', () => {
    expect(dayStart('2026-11-01', 8 * 3_600_000)).toBe(Date.UTC(2026, 9, 31, 16));
    expect(dayStart('2026-11', 0)).toBeNull();
  });
});

describe('columns of a table on the wall', () => {
  it('give figures what they need and sentences the rest', () => {
    expect(widths(['指标', '本期'], [['一个很长很长很长的名字', '36.4 %']])).toEqual(['', '4.6em']);
  });
});
