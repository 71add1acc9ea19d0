// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { metres, toGrid, zoneOf } from './grid';

it('zones have their meridian and their false easting', () => {
  expect(zoneOf(4547)).toEqual({ cm: 114, easting: 500_000 });
  expect(zoneOf(4526)).toEqual({ cm: 114, easting: 38_500_000 });
  expect(zoneOf(4508)).toEqual({ cm: 111, easting: 500_000 });
  expect(zoneOf(4497)).toEqual({ cm: 111, easting: 19_500_000 });
  expect(zoneOf(2000)).toBeNull();
});

it('the meridian arc and a point beside it stand where they should', () => {
  const z = zoneOf(4547)!;
  // arc of the meridian to 45° on this ellipsoid: 4 984 944.378 m
  const [x, y] = toGrid(114, 45, z);
  expect(x).toBeCloseTo(500_000, 3);
  expect(y).toBeCloseTo(4_984_944.378, 2);
  const [e, n] = toGrid(115, 38, z);
  expect(e).toBeGreaterThan(587_000);
  expect(e).toBeLessThan(588_000);
  expect(n).toBeGreaterThan(y - 777_000 - 10_000);
  const a = toGrid(114.2, 39.3, z);
  const b = toGrid(114.201, 39.3, z);
  const plane = Math.hypot(b[0] - a[0], b[1] - a[1]);
  expect(Math.abs(plane / metres([114.2, 39.3], [114.201, 39.3]) - 1)).toBeLessThan(0.004);
});
