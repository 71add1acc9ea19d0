// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { LimitChange, LimitRow } from '../../api/records';
import { gaps, names, shown } from './rows';

const change = (value: number, in_force: boolean): LimitChange => ({
  id: value,
  point: 'T1',
  name: 'alarm',
  value,
  before: 1,
  by: 'a',
  second: 'b',
  reason: 'r',
  at: 0,
  in_force,
});
const row: LimitRow = {
  point: 'T1',
  i: 0,
  name: 'T1',
  role: 'ch4.face',
  group: 'gas',
  place: 'f',
  low: false,
  pack: { alarm: 1, cut: 1.5 },
  clause: { alarm: 1, cut: 1.5 },
  source: { standard: 'S', verified: false },
  changes: [change(0.9, false), change(0.8, true)],
};

describe('limits', () => {
  it('the newest change is in force, the pack value stays beside it', () => {
    const [s] = shown([row]);
    expect(s!.force.map((f) => [f.name, f.value, f.pack])).toEqual([
      ['alarm', 0.8, 1],
      ['cut', 1.5, 1.5],
    ]);
    expect([s!.changed, s!.unverified]).toEqual([true, true]);
  });
  it('columns are the names in use', () => {
    expect(names(shown([row]))).toEqual(['alarm', 'cut']);
  });
});

describe('ranges', () => {
  const sensor = { point: 'T1', name: 'T1', place: 'f', range: 'r', cuts: true };
  it('counts what is missing', () => {
    expect(gaps({ ...sensor, range: null, switches: [] })).toBe(1);
    expect(gaps({ ...sensor, switches: [] })).toBe(1);
    expect(gaps({ ...sensor, switches: [{ output: 'S', name: 'S', feed: null }] })).toBe(1);
    expect(gaps({ ...sensor, switches: [{ output: 'S', name: 'S', feed: 'F' }] })).toBe(0);
    expect(gaps({ ...sensor, cuts: false, switches: [] })).toBe(0);
  });
});
