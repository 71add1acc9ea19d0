// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { Item, Page } from '../../api/room';
import { rowsOf, withPage } from './useList';

const item = (id: number) => ({ id }) as Item;
const page = (from: number, n: number, total: number, more = false): Page<Item> => ({
  items: Array.from({ length: n }, (_, i) => item(from + i)),
  total,
  more,
  next: from + n < total || more ? 'x' : null,
});
const EMPTY = { pages: new Map(), total: 0, over: false, length: 0, error: '' };

describe('windows of a list', () => {
  it('are as long as the list, with what was seen in its place', () => {
    const a = withPage(EMPTY, page(0, 100, 100_000), 0, true);
    const b = withPage(a, page(99_900, 100, 100_000), 999, false);
    const rows = rowsOf(b);
    expect(rows.length).toBe(100_000);
    expect([rows[0]?.id, rows[100], rows[99_999]?.id]).toEqual([0, undefined, 99_999]);
  });

  it('begin again with a new question, wherever one has scrolled to', () => {
    const a = withPage(EMPTY, page(0, 100, 1000), 0, true);
    const b = withPage(a, page(500, 100, 600), 5, true);
    expect([rowsOf(b)[0], rowsOf(b)[500]?.id, rowsOf(b).length]).toEqual([undefined, 500, 600]);
  });

  it('grow where the count was cut off', () => {
    const a = withPage(EMPTY, page(0, 100, 10_000, true), 0, true);
    expect(a.length).toBe(10_000);
    const b = withPage(a, page(9_900, 100, 10_000, true), 99, false);
    expect(b.length).toBe(10_100);
  });
});
