// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { SiteModel } from '../api/site';
import { nearestSpot, Occupancy } from './labels';
import { barLength, extentOf, resolutionOf, scaleOf } from './projection';
import { trace } from './trace';

describe('scale', () => {
  it('goes there and back, and at 96 dpi 1:2000 is 0.53 m a pixel', () => {
    expect(resolutionOf(2000)).toBeCloseTo(0.529, 3);
    expect(scaleOf(resolutionOf(1234))).toBeCloseTo(1234, 6);
  });

  it('has bars of round length that fit', () => {
    for (const r of [0.1, 0.37, 1, 5.2, 44]) {
      const l = barLength(r, 140);
      expect(l / r).toBeLessThanOrEqual(140);
      expect(l / r).toBeGreaterThan(40);
      expect(String(l / 10 ** Math.floor(Math.log10(l) + 1e-9))).toMatch(/^[125]/);
    }
  });

  it('never makes an empty extent', () => {
    expect(extentOf([])).toEqual([0, 0, 1000, 1000]);
    const e = extentOf([[5, 5]]);
    expect(e[2] - e[0]).toBeGreaterThan(0);
  });
});

describe('labels', () => {
  it('do not overlap, save where forced', () => {
    const o = new Occupancy(200, 100);
    expect(o.claim(10, 10, 50, 15)).toBe(true);
    expect(o.claim(40, 12, 50, 15)).toBe(false);
    expect(o.claim(40, 12, 50, 15, true)).toBe(true);
    expect(o.claim(10, 60, 50, 15)).toBe(true);
    expect(o.claim(500, 60, 50, 15)).toBe(false);
  });

  it('of a hundred alarms at one place all find a place of their own in sight', () => {
    const o = new Occupancy(1366, 768);
    const sight = { x: 60, y: 40, w: 1246, h: 688 };
    const spots = Array.from({ length: 100 }, () => nearestSpot(o, 700, 400, 104, 16, sight));
    for (const [n, a] of spots.entries()) {
      expect(a).not.toBeNull();
      expect(a![0]).toBeGreaterThanOrEqual(60);
      expect(a![0] + 104).toBeLessThanOrEqual(60 + 1246);
      for (const b of spots.slice(0, n))
        expect(Math.abs(a![0] - b![0]) >= 104 || Math.abs(a![1] - b![1]) >= 16).toBe(true);
    }
  });

  it('say when nothing is free', () => {
    const o = new Occupancy(200, 100);
    o.claim(0, 0, 200, 100, true);
    expect(nearestSpot(o, 100, 50, 40, 16, { x: 0, y: 0, w: 200, h: 100 })).toBeNull();
  });
});

describe('trace', () => {
  it('follows the air down and up, and ends in a ring', () => {
    const place = (id: string, air_to: string[]) => ({ id, kind: 'roadway', name: id, air_to });
    const s = new SiteModel(
      {
        id: 's',
        name: 's',
        simulation: false,
        roles: [],
        rules: [],
        places: [place('a', ['b', 'c']), place('b', ['d']), place('c', ['d']), place('d', ['a'])],
      },
      [],
    );
    expect(trace(s, 'a', 'down').map((x) => [x.place, x.depth])).toEqual([
      ['a', 0],
      ['b', 1],
      ['c', 1],
      ['d', 2],
    ]);
    expect(trace(s, 'd', 'up').map((x) => x.place)).toEqual(['d', 'b', 'c', 'a']);
  });
});
