// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { tuningOf } from './tuning';

const t = [0, 1000, 2000, 3000, 4000, 5000];

describe('the answer of a loop', () => {
  it('says overshoot and settling of the last step', () => {
    const got = tuningOf({ t, v: [4, 5, 5, 5, 5, 5] }, { t, v: [4, 4.2, 5.2, 4.97, 5.01, 5] });
    expect(got).toMatchObject({ at: 1000, from: 4, to: 5, riseS: 1, settledS: 2 });
    expect(got?.overshoot).toBeCloseTo(0.2);
  });
  it('a mean over the change, between old and new, is no step of its own', () => {
    const got = tuningOf({ t, v: [4, 4.3, 5, 5, 5, 5] }, { t, v: [4, 4.2, 5.2, 4.97, 5.01, 5] });
    expect(got).toMatchObject({ at: 1000, from: 4, to: 5 });
    const back = tuningOf({ t, v: [4, 5, 4.5, 4.5, 4.5, 4.5] }, { t, v: [4, 5, 5, 4.6, 4.5, 4.5] });
    expect(back).toMatchObject({ at: 2000, from: 5, to: 4.5 });
  });
  it('is not settled while it swings, and is nothing without a step', () => {
    expect(
      tuningOf({ t, v: [4, 5, 5, 5, 5, 5] }, { t, v: [4, 4, 4, 4, 4, 4.5] })?.settledS,
    ).toBeNull();
    expect(tuningOf({ t, v: [4, 4, 4, 4, 4, 4] }, { t, v: [4, 4, 4, 4, 4, 4] })).toBeNull();
  });
});
