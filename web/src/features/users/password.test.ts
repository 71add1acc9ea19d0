// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { randomPassword } from './password';

it('is long, readable on paper, and never the same', () => {
  const many = new Set(Array.from({ length: 200 }, () => randomPassword()));
  expect(many.size).toBe(200);
  for (const p of many) expect(p).toMatch(/^([a-km-np-z2-9]{4}-){3}[a-km-np-z2-9]{4}$/);
});

it('uses every byte it is given', () => {
  expect(randomPassword((a) => a.fill(255))).toBe('9999-9999-9999-9999');
  expect(randomPassword((a) => a.fill(0))).toBe('aaaa-aaaa-aaaa-aaaa');
});
