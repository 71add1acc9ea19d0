// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { boxOf, linesOf, pathOf } from './sketch';

const square = {
  type: 'Polygon',
  coordinates: [
    [
      [0, 0],
      [100, 0],
      [100, 100],
      [0, 100],
      [0, 0],
    ],
  ],
};

describe('a sketch of geometries', () => {
  it('draws north up, all within the picture', () => {
    const fit = boxOf([square], 124, 124)!;
    expect(pathOf(square, fit)).toBe('M12.0 112.0L112.0 112.0L112.0 12.0L12.0 12.0L12.0 112.0');
  });
  it('takes collections and points apart', () => {
    const both = {
      type: 'GeometryCollection',
      geometries: [{ type: 'Point', coordinates: [1, 2] }, square],
    };
    expect(linesOf(both).map((l) => l.length)).toEqual([1, 5]);
    expect(
      linesOf({
        type: 'MultiPoint',
        coordinates: [
          [1, 2],
          [3, 4],
        ],
      }),
    ).toHaveLength(2);
  });
  it('has nothing to draw of nothing', () => {
    expect(boxOf([], 10, 10)).toBeNull();
  });
});
