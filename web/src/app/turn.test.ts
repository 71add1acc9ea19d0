// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { Turn, type Voice } from './turn';

const voice = (id: string, visible = true, fresh = true): Voice => ({ id, visible, fresh });

describe('whose turn it is to sound', () => {
  it('is exactly one of those that hear each other', () => {
    const all = [voice('c'), voice('b', false), voice('a', true, false), voice('d')];
    const who = all.filter((me) => {
      const turn = new Turn();
      for (const o of all) if (o !== me) turn.hear(o, 0);
      return turn.mine(me, 100);
    });
    expect(who.map((v) => v.id)).toEqual(['c']);
  });

  it('is mine when I am alone, when the other is gone, and when it has fallen silent', () => {
    const turn = new Turn();
    expect(turn.mine(voice('b'), 0)).toBe(true);
    turn.hear(voice('a'), 0);
    expect(turn.mine(voice('b'), 1000)).toBe(false);
    turn.gone('a');
    expect(turn.mine(voice('b'), 1001)).toBe(true);
    turn.hear(voice('a'), 2000);
    expect(turn.mine(voice('b'), 4600)).toBe(true);
  });
});
