// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { isAsked, moved, nothing, type Outcome, question, sums, worthALook } from './whatIf';

const state = (flow: number, need: 'ok' | 'low' = 'ok', smoke_min?: number | null) => ({
  flow,
  speed: null,
  drop: null,
  need,
  ...(smoke_min === undefined ? {} : { smoke_min }),
});
const outcome = (before: number, after: number, more: Partial<Outcome> = {}): Outcome => ({
  id: 'a',
  place: null,
  before: state(before),
  after: state(after),
  ...more,
});

describe('the question', () => {
  it('says only what is otherwise', () => {
    expect(question(nothing)).toEqual({ set: [] });
    expect(
      question({ fan: { f: 'stop', g: 'as-is' }, doors: { d: 2 }, fire: 'x', minutes: 30 }),
    ).toEqual({
      set: [
        { airway: 'f', fan: 'stop' },
        { airway: 'd', doors_open: 2 },
      ],
      fire: { airway: 'x', minutes: 30 },
    });
    expect(isAsked(nothing)).toBe(false);
    expect(isAsked({ ...nothing, fan: { f: 'as-is' } })).toBe(false);
    expect(isAsked({ ...nothing, doors: { d: 0 } })).toBe(true);
  });
});

describe('the answer', () => {
  it('is worth a look where air moved, turned, came out of its need or brings smoke', () => {
    expect(moved(outcome(10, 10.2))).toBe(false);
    expect(moved(outcome(10, 9))).toBe(true);
    expect(moved(outcome(0.2, -0.2, { turned: true }))).toBe(true);
    expect(worthALook(outcome(10, 10.1, { after: state(10.1, 'low') }))).toBe(true);
    expect(worthALook(outcome(10, 10, { after: state(10, 'ok', 3) }))).toBe(true);
    expect(worthALook(outcome(10, 10, { after: state(10, 'ok', null) }))).toBe(false);
    expect(moved({ id: 'a', place: null, before: state(1) })).toBe(true);
  });
  it('is counted', () => {
    const got = sums([
      outcome(1, -1, { turned: true, after: state(-1, 'low') }),
      outcome(1, 1, { before: state(1, 'low', 0), after: state(1, 'ok', null) }),
    ]);
    expect(got).toEqual({ turned: 1, worse: 1, better: 1, smokeBefore: 1, smokeAfter: 0 });
  });
});
