// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import {
  type Airflow,
  contradicting,
  contradictText,
  markOf,
  middle,
  resisting,
  stateText,
} from './state';

const airway = (flow: number | null, need = 'ok') => ({ id: 'a', place: null, flow, need });

const wind = (point: string, normalised: number, contradicts = true) => ({
  point,
  speed: 3.5,
  normalised,
  contradicts,
});

describe('sensors that contradict', () => {
  const told = (): Airflow => ({
    state: 'solved',
    text: '',
    at: 0,
    items: [
      { ...airway(5), id: 'a', wind: wind('FS-1', -4) },
      { ...airway(5), id: 'b', wind: wind('FS-2', 1, false) },
      { ...airway(5), id: 'c', wind: wind('FS-3', 30) },
      airway(5),
    ],
    needs: [],
  });
  it('the worst stands first, those that agree are not there', () => {
    expect(contradicting(told()).map((i) => i.wind.point)).toEqual(['FS-3', 'FS-1']);
    expect(contradicting(null)).toEqual([]);
  });
  it('the legend names them, never in a replay', () => {
    expect(contradictText(told(), false)).toContain('FS-3、FS-1');
    expect(contradictText(told(), true)).toBe('');
    expect(contradictText({ ...told(), items: [] }, false)).toBe('');
  });
});

describe('resistances by the measured wind', () => {
  it('those far from the table stand there, more or less, the furthest first', () => {
    const part = (id: string, r_part?: number | null) => ({ ...airway(5), id, r_part });
    const items = [part('a', 1.6), part('b', 1.4), part('c', 0.25), part('d', null), part('e')];
    const now: Airflow = { state: 'solved', text: '', at: 0, items, needs: [] };
    expect(resisting(now).map((i) => i.id)).toEqual(['c', 'a']);
    expect(resisting(null)).toEqual([]);
  });
});

describe('marks', () => {
  it('points along the line or against it, with the flow', () => {
    expect(markOf(airway(12.34))).toEqual({ turn: 1, text: '12', odd: false });
    expect(markOf(airway(-3.21))).toEqual({ turn: -1, text: '3.2', odd: false });
  });
  it('marks what is outside of the requirement, and a sensor that contradicts', () => {
    expect(markOf(airway(5, 'high'))?.text).toBe('5.0 !');
    expect(markOf({ ...airway(5), wind: wind('FS', 9) })?.odd).toBe(true);
  });
  it('draws nothing where no air moves or nothing is known', () => {
    expect(markOf(airway(0.01))).toBeNull();
    expect(markOf(airway(null))).toBeNull();
    expect(markOf(undefined)).toBeNull();
  });
});

describe('the middle of a line', () => {
  it('lies on the stretch where half of its length is', () => {
    const m = middle([
      [0, 0],
      [10, 0],
      [10, 30],
    ]);
    expect(m?.at).toEqual([10, 10]);
    expect(m?.angle).toBeCloseTo(Math.PI / 2);
  });
  it('is nowhere on a line without length', () => {
    expect(
      middle([
        [1, 1],
        [1, 1],
      ]),
    ).toBeNull();
    expect(middle([])).toBeNull();
  });
});

describe('age and state', () => {
  const told = (state: Airflow['state']): Airflow => ({
    state,
    text: 'fan X stalls',
    at: 0,
    items: [],
    needs: [],
  });
  it('says when, or why not', () => {
    expect(stateText(told('failed'), false)).toContain('fan X stalls');
    expect(stateText(told('solved'), false)).toMatch(/\d\d:\d\d:\d\d/);
    expect(stateText(told('solved'), true)).toBe(stateText(null, true));
    expect(stateText(null, false)).toBe('');
  });
});
