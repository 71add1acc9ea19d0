// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import type { PointInfo } from '../../api/model';
import type { Asset } from '../../sequences/book';
import { basesOf, closingsOf, covered, linkState, linksOf, roadsOf, slice } from './network';

const point = (id: string, role: string, x?: number): PointInfo =>
  ({
    id,
    i: 0,
    name: id,
    kind: 'switch',
    role,
    place: 'mine',
    x,
    y: x === undefined ? x : 0,
  }) as PointInfo;
const asset = (id: string, kind: string, points: string[], more: Partial<Asset> = {}): Asset => ({
  id,
  kind,
  name: { zh: id, en: id },
  place: 'mine',
  to: null,
  points,
  ...more,
});

const POINTS = [
  point('NX-1', 'net.port.next', 0),
  point('PV-2', 'net.port.prev', 10),
  point('NX-2', 'net.port.next', 10),
  point('PV-3', 'net.port.prev'),
  point('B', 'base.state', 5),
  point('N', 'base.phones', 5),
];
const of = (id: string) => POINTS.find((p) => p.id === id);

describe('ring', () => {
  test('a link a switch with a next one, with the ports at both its ends', () => {
    const links = linksOf(
      [
        asset('1', 'switch', ['NX-1'], { to: '2' }),
        asset('2', 'switch', ['PV-2', 'NX-2'], { to: '3' }),
        asset('3', 'switch', ['PV-3']), // nobody says where it is
      ],
      of,
    );
    expect(links.map((l) => [l.id, l.from, l.to, l.ports.map((p) => p.id)])).toEqual([
      ['1', [0, 0], [10, 0], ['NX-1', 'PV-2']],
    ]);
  });
  test('what closes the ring goes from its head to the last of the chain', () => {
    const points = [...POINTS, point('RING', 'net.ring', 0)];
    const closing = closingsOf(
      [
        asset('1', 'switch', ['NX-1', 'RING'], { to: '2' }),
        asset('2', 'switch', ['PV-2', 'NX-2'], { to: null }),
        asset('9', 'switch', ['NX-1'], { to: '2' }), // says nothing of a ring
      ],
      (id) => points.find((p) => p.id === id),
    );
    expect(closing.map((l) => [l.from, l.to, l.ring?.id])).toEqual([[[0, 0], [10, 0], 'RING']]);
  });
  test('one end that says so is a break; silence is not', () => {
    expect(linkState([true, true])).toBe(true);
    expect(linkState([true, null])).toBe(true);
    expect(linkState([null, false])).toBe(false);
    expect(linkState([true, false])).toBe(false);
    expect(linkState([null, null])).toBe(null);
    expect(linkState([])).toBe(null);
  });
});

describe('coverage', () => {
  test('a station without a reach covers nothing', () => {
    const bases = basesOf([asset('b', 'base', ['B', 'N']), asset('x', 'base', [])], of);
    expect(bases).toHaveLength(1);
    expect(
      covered(
        roadsOf([
          [
            [0, 0],
            [10, 0],
          ],
        ]),
        bases[0]!.at,
        bases[0]!.reach_m,
      ),
    ).toEqual([]);
  });
  // a main of 100 m, a crosscut of 50 m at its end and a further road of 100 m from there
  const roads = roadsOf([
    [
      [0, 0],
      [100, 0],
    ],
    [
      [100, 50],
      [100, 0],
    ],
    [
      [100, 50],
      [200, 50],
    ],
    [
      [500, 500],
      [600, 500],
    ],
  ]);
  test('within its own roadway', () => {
    expect(covered(roads, [40, 3], 20)).toEqual([
      [
        [20, 0],
        [60, 0],
      ],
    ]);
  });
  test('round corners, in metres along them, whatever way they are drawn', () => {
    expect(covered(roads, [80, -2], 90)).toEqual([
      [
        [0, 0],
        [100, 0],
      ],
      [
        [100, 50],
        [100, 0],
      ],
      [
        [100, 50],
        [120, 50],
      ],
    ]);
    expect(covered(roads, [100, 50], 20)).toContainEqual([
      [100, 50],
      [100, 30],
    ]);
  });
  test('from both ends of a way round', () => {
    const round = roadsOf([
      [
        [0, 0],
        [10, 0],
      ],
      [
        [10, 0],
        [10, 40],
        [0, 40],
        [0, 0],
      ],
    ]);
    expect(covered(round, [5, 0], 25)).toEqual([
      [
        [0, 0],
        [10, 0],
      ],
      [
        [10, 0],
        [10, 20],
      ],
      [
        [0, 20],
        [0, 0],
      ],
    ]);
  });
  test('a part of a line keeps its corners', () => {
    expect(
      slice(
        [
          [0, 0],
          [10, 0],
          [10, 10],
        ],
        5,
        15,
      ),
    ).toEqual([
      [5, 0],
      [10, 0],
      [10, 5],
    ]);
  });
});
