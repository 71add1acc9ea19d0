// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { plan, satisfied, widthFor } from './fetching';
import { cover, dots, entryAt, keep, runs, segmentOf, stats } from './segments';

const YEAR = 365 * 86_400_000;

function buckets(from: number, width: number, values: ([number, number] | null)[]) {
  return segmentOf(
    {
      id: 'x',
      t: values.map((_, i) => from + i * width),
      min: values.map((v) => v?.[0] ?? null),
      max: values.map((v) => v?.[1] ?? null),
      mean: values.map((v) => (v ? (v[0] + v[1]) / 2 : null)),
      last: values.map((v) => v?.[1] ?? null),
      count: values.map((v) => (v ? 10 : 0)),
    },
    from,
    from + values.length * width,
    width,
  );
}

function raw(from: number, to: number, samples: [number, number, string?][]) {
  return segmentOf(
    {
      id: 'x',
      t: samples.map((s) => s[0]),
      v: samples.map((s) => s[1]),
      q: samples.map((s) => s[2] ?? 'normal'),
    },
    from,
    to,
    0,
  );
}

describe('pieces of history', () => {
  it('a one-second spike stays in sight on a year', () => {
    const n = 8760;
    const seg = buckets(
      0,
      3600_000,
      Array.from({ length: n }, (_, i): [number, number] =>
        i === 4321 ? [0.4, 1.52] : [0.4, 0.5],
      ),
    );
    const view = dots(cover([seg], 0, YEAR), YEAR / 900);
    expect(view.length).toBeLessThanOrEqual(901);
    expect(Math.max(...view.map((d) => d.hi))).toBe(1.52);
  });

  it('the finest piece wins where it is, the coarser fills the rest', () => {
    const coarse = buckets(0, 1000, Array(100).fill([1, 2]));
    const fine = buckets(20_000, 100, Array(300).fill([1.4, 1.6]));
    const parts = cover([coarse, fine], 0, 100_000);
    expect(parts.map((p) => [p.from, p.to, p.seg.width])).toEqual([
      [0, 20_000, 1000],
      [20_000, 50_000, 100],
      [50_000, 100_000, 1000],
    ]);
  });

  it('a gap is a gap, a thinned point is none', () => {
    const one = raw(
      0,
      200_000,
      [...Array(60).keys()]
        .map((i): [number, number] => [i * 1000, 1])
        .concat([
          [150_000, 1],
          [151_000, 1],
        ]),
    );
    expect(dots(cover([one], 0, 200_000), 10).filter((d) => d.broken).length).toBe(2); // first and after the gap
    const thinned = raw(
      0,
      4e6,
      [...Array(10).keys()].map((i): [number, number] => [i * 400_000, 1]),
    );
    expect(dots(cover([thinned], 0, 4e6), 10).filter((d) => d.broken).length).toBe(1);
  });

  it('bad values make no line', () => {
    const s = raw(0, 10_000, [
      [0, 1],
      [1000, 9, 'broken'],
      [2000, 1],
    ]);
    expect(dots(cover([s], 0, 10_000), 1).map((d) => d.hi)).toEqual([1, 1]);
  });

  it('bars of a switch hold until the next entry; both states in one bucket show', () => {
    const s = raw(0, 100_000, [
      [0, 1],
      [30_000, 0],
      [60_000, 1],
    ]);
    expect(runs(cover([s], 0, 100_000), 100_000)).toEqual([
      { from: 0, to: 30_000, state: 1 },
      { from: 30_000, to: 60_000, state: 0 },
      { from: 60_000, to: 100_000, state: 1 },
    ]);
    const b = buckets(0, 1000, [
      [1, 1],
      [0, 1],
      [1, 1],
    ]);
    expect(runs(cover([b], 0, 3000), 3000).map((r) => r.state)).toEqual([1, 2, 1]);
  });

  it('reads a moment and the figures of a span', () => {
    const s = raw(0, 10_000, [
      [0, 1],
      [5000, 3],
    ]);
    expect(entryAt([s], 4000)?.v).toBe(1);
    expect(entryAt([s], 6000)?.v).toBe(3);
    expect(stats([s], 0, 10_000)).toEqual({ n: 2, min: 1, max: 3, mean: 2 });
  });

  it('keeps few and drops what a finer piece covers', () => {
    const coarse = buckets(0, 1000, Array(10).fill([1, 1]));
    const fine = buckets(0, 100, Array(100).fill([1, 1]));
    expect(keep([coarse], fine)).toEqual([fine]);
    let list = [fine];
    for (let i = 0; i < 50; i++) list = keep(list, buckets(i * 1e6, 1000, [[1, 1]]));
    expect(list.length).toBeLessThanOrEqual(12);
  });
});

describe('what a view asks for', () => {
  it('never a bucket wider than a pixel column', () => {
    for (const span of [3600_000, 86_400_000, 7 * 86_400_000, YEAR]) {
      expect(widthFor(span, 1000)).toBeLessThanOrEqual(span / 1000);
    }
    expect(widthFor(60_000, 1000)).toBe(0);
  });
  it('has round edges, covers the view with room around, not the future', () => {
    const p = plan(1e12 + 123, 1e12 + 123 + 86_400_000, 1000, 1e12 + 9e7);
    expect(p.from % p.width).toBe(0);
    expect(p.from).toBeLessThan(1e12);
    expect(p.to).toBeLessThanOrEqual(1e12 + 9e7 + p.width);
    expect((p.to - p.from) / p.width).toBe(p.buckets);
    expect(p.buckets).toBeLessThan(20_000);
  });
  it('is satisfied by a finer piece', () => {
    const fine = buckets(0, 100, Array(100).fill([1, 1]));
    expect(satisfied([fine], 1000, 9000, 1000)).toBe(true);
    expect(satisfied([fine], 1000, 11_000, 1000)).toBe(false);
  });
});
