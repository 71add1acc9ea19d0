// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { balanceOf } from './balance';

const H = 3_600_000;

describe('the balance of a sump', () => {
  it('adds up what came in, went out and stayed', () => {
    const t = [0, H / 2, H];
    const b = balanceOf([
      { t, v: [300, 320, 320] },
      { t, v: [0, 420, 420] },
      { t, v: [1000, 1150, 1100] },
    ]);
    expect(b).toEqual({ hours: 1, inM3: 310, outM3: 210, storedM3: 100 });
  });
  it('is not known without two volumes', () => {
    expect(
      balanceOf([
        { t: [0], v: [1] },
        { t: [0], v: [1] },
        { t: [0, H], v: [5, null] },
      ]),
    ).toBeNull();
  });
});
