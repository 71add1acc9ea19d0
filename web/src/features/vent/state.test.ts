// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { type Airflow, markOf, middle, stateText } from './state';

const airway = (flow: number | null, need = 'ok') => ({ id: 'a', place: null, flow, need });

describe('marks', () => {
  it('points along the line or against it, with the flow', () => {
    expect(markOf(airway(12.34))).toEqual({ turn: 1, text: '12', odd: false });
    expect(markOf(airway(-3.21))).toEqual({ turn: -1, text: '3.2', odd: false });
  });
  it('marks what is outside of the requirement, and a sensor that contradicts', () => {
    expect(markOf(airway(5, 'high'))?.text).toBe('5.0 !');
    expect(markOf({ ...airway(5), wind: { contradicts: true } })?.odd).toBe(true);
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
