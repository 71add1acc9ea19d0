// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { type Entry, informed, newKey, sendable } from './queue';

let n = 0;
const entry = (about: string, args: Record<string, unknown>, more: Partial<Entry> = {}): Entry => ({
  n: ++n,
  key: newKey(),
  user: 'li',
  verb: 'record.set',
  args,
  label: '',
  made: 0,
  state: 'wait',
  tries: 0,
  about,
  ...more,
});

describe('the queue', () => {
  it('keeps the order of one record and lets others pass', () => {
    const a = entry('h/1', { version: 3 }, { state: 'conflict' });
    const b = entry('h/1', { version: 3 });
    const c = entry('h/2', { version: 1 });
    expect(sendable([a, b, c], 'li')).toBe(c);
    expect(sendable([a, b], 'li')).toBeUndefined();
    expect(sendable([c], 'wang')).toBeUndefined();
    expect(sendable([entry('new:x', {})], 'li')).toBeUndefined();
  });
  it('hands the new version down the chain, and only down it', () => {
    const a = entry('h/1', { version: 3 });
    const b = entry('h/1', { version: 3 });
    const c = entry('h/1', { version: 2 });
    const d = entry('h/2', { version: 3 });
    const next = informed(a, { version: 4 }, [b, c, d]);
    expect(next.map((e) => [e.n, e.args.version])).toEqual([[b.n, 4]]);
    expect(next[0]!.key).toBe(b.key);
  });
  it('gives what waits for a new record its id', () => {
    const a = entry('new', { register: 'h' }, { verb: 'record.create' });
    const b = entry(`new:${a.key}`, { field: 'photos' });
    expect(informed(a, { record: 77, version: 1 }, [b])).toMatchObject([
      { about: 'h/77', args: { record: 77, version: 1, field: 'photos' } },
    ]);
  });
});
