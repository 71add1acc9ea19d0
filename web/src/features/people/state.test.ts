// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import {
  along,
  difference,
  inOrder,
  type People,
  type Person,
  type Vehicle,
  vehicleLabel,
  vehiclesInOrder,
} from './state';

const one = (card: string, more: Partial<Person> = {}): Person => ({
  card,
  time: 0,
  heard: 0,
  in: 0,
  shift: 'day',
  is: [],
  ...more,
});

it('a place on a line is so far along it, and never beyond its ends', () => {
  const line = [
    [0, 0],
    [10, 0],
    [10, 10],
  ];
  expect(along(line, 0.75)?.at).toEqual([10, 5]);
  expect(along(line, 0)?.at).toEqual([0, 0]);
  expect(along(line, 7)?.at).toEqual([10, 10]);
  expect(along([[1, 1]], 0.5)).toBeNull();
});

it('who calls for help stands first, then who is silent', () => {
  const list = [one('3'), one('2', { is: ['lost'] }), one('1', { is: ['sos'], sos: 5 })];
  expect(inOrder(list).map((p) => p.card)).toEqual(['1', '2', '3']);
});

it('the difference is that of tags to the in-and-out count, where there is one', () => {
  expect(difference({ count: 7, entered: 10, gone: 2 } as People)).toBe(-1);
  expect(difference({ count: 7, entered: null, gone: 2 } as People)).toBeNull();
});

it('a vehicle is shown with its speed where it is known; one that is too fast stands first', () => {
  const v = (number: string, more: Partial<Vehicle> = {}): Vehicle => ({
    number,
    card: number,
    time: 0,
    heard: 0,
    in: 0,
    carries: [],
    is: [],
    ...more,
  });
  expect(vehicleLabel(v('V-1'))).toBe('V-1');
  expect(vehicleLabel(v('V-1', { km_h: 24.6 }))).toBe('V-1 25 km/h');
  const list = [v('1'), v('2', { is: ['lost'] }), v('3', { is: ['lost', 'speeding'] })];
  expect(vehiclesInOrder(list).map((x) => x.number)).toEqual(['3', '2', '1']);
});
