// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { JobOutcome } from '../../api/records';
import { compare } from './compare';

const alarm = (time: number, point: string, rule = 'r'): JobOutcome => ({
  time,
  body: { type: 'alarm', point, rule },
});
const cut = (time: number, output: string): JobOutcome => ({
  time,
  body: { type: 'command', output },
});

describe('a back-test beside what happened', () => {
  it('pairs the same alarm at nearly the same time, the rest is new or gone', () => {
    const r = compare(
      [alarm(1000, 'a'), alarm(500_000, 'a'), cut(9000, 's')],
      [alarm(3000, 'a'), alarm(4000, 'b')],
    );
    expect(r.map((x) => [x.o.time, x.verdict, x.cut])).toEqual([
      [1000, 'same', false],
      [4000, 'less', false],
      [9000, 'more', true],
      [500_000, 'more', false],
    ]);
  });
  it('one that happened once is paired once', () => {
    const r = compare([alarm(1000, 'a'), alarm(2000, 'a')], [alarm(1500, 'a')]);
    expect(r.map((x) => x.verdict)).toEqual(['same', 'more']);
  });
});
