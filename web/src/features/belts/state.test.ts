// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { PointInfo } from '../../api/model';
import { type Asset, type Sequence, taken } from '../../sequences/book';
import { beltOf, blindOf, layout, stateOf, tripsOf } from './state';

const asset = (id: string, to: string | null): Asset => ({
  id,
  kind: 'belt',
  name: { zh: id },
  place: 'p',
  to,
  points: [`PQ-${id}`, `PD-${id}`, `DH-${id}`],
});
const line = [asset('A', null), asset('B', 'A'), asset('C', 'B'), asset('D', 'B')];
const point = (id: string, role: string, i: number): PointInfo => ({
  id,
  i,
  name: id,
  kind: 'switch',
  role,
  place: 'p',
});

describe('the line', () => {
  it('puts the end of the way last and leaves in rows of their own', () => {
    const cells = Object.fromEntries(layout(line).map((c) => [c.asset.id, c]));
    expect([cells.A!.column, cells.B!.column, cells.C!.column]).toEqual([3, 2, 1]);
    expect([cells.A!.rows, cells.C!.row, cells.D!.row]).toEqual([2, 1, 2]);
  });
  it('takes what goes with a belt', () => {
    const q: Sequence = {
      id: 's',
      title: { zh: 's' },
      start: true,
      take: 'onward',
      subjects: ['PQ-A', 'PQ-B', 'PQ-C', 'PQ-D'],
      recipe: [],
      steps: [],
    };
    expect(taken(q, line, ['PQ-C'])).toEqual(['PQ-A', 'PQ-B', 'PQ-C']);
    expect(taken({ ...q, take: 'behind' }, line, ['PQ-B'])).toEqual(['PQ-B', 'PQ-C', 'PQ-D']);
    expect(taken({ ...q, take: 'chosen' }, line, ['PQ-B'])).toEqual(['PQ-B']);
    expect(taken(q, line, [])).toEqual(q.subjects);
  });
});

describe('a belt', () => {
  const points = new Map(
    [
      point('PQ-A', 'belt.drive', 0),
      point('PD-A', 'belt.run', 1),
      point('DH-A', 'belt.slip', 2),
    ].map((p) => [p.id, p]),
  );
  const belt = beltOf(line[0]!, points);
  const read =
    (v: (number | null)[], q: string[] = []) =>
    (p: PointInfo) => ({ v: v[p.i] ?? null, q: q[p.i] ?? 'normal', t: 1 });

  it('runs, stands, starts, or has tripped', () => {
    expect(stateOf(belt, read([1, 1, 0]))).toBe('running');
    expect(stateOf(belt, read([0, 0, 0]))).toBe('stopped');
    expect(stateOf(belt, read([1, 0, 0]))).toBe('starting');
    expect(stateOf(belt, read([0, 1, 1]))).toBe('tripped');
    expect(tripsOf(belt, read([0, 1, 1])).map((p) => p.id)).toEqual(['DH-A']);
  });
  it('says which protections nobody would see act', () => {
    expect(blindOf(belt, read([1, 1, 0])).map((p) => p.id)).toEqual([]);
    expect(blindOf(belt, read([1, 1, 0], ['normal', 'normal', 'stale'])).map((p) => p.id)).toEqual([
      'DH-A',
    ]);
    expect(stateOf(belt, read([1, 1, 0], ['normal', 'normal', 'stale']))).toBe('running');
  });
  it('is not known when its proof is not', () => {
    expect(stateOf(belt, read([1, 1, 0], ['normal', 'comm-fault', 'normal']))).toBe('unknown');
    expect(stateOf(belt, read([1, null, 0]))).toBe('unknown');
  });
});
