// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { countsOf } from './state';

test('who is silent is named; while it is under way one that was not asked yet is not', () => {
  const at = { a: 'confirmed', b: 'sent', c: 'silent', d: 'asked', e: 'refused' } as const;
  expect(countsOf({ at, state: 'ended' })).toEqual({
    all: 5,
    confirmed: 1,
    sent: 1,
    joined: 0,
    silent: ['c', 'e', 'd'].sort((x, y) => 'abcde'.indexOf(x) - 'abcde'.indexOf(y)),
  });
  expect(countsOf({ at, state: 'talking' }).silent).toEqual(['c', 'e']);
});
