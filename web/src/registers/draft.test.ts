// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it } from 'vitest';
import type { Field } from '../api/room';
import { lang } from '../app/i18n';
import { changes, clashes, readDraft, readOne, toDraft } from './draft';

const f = (id: string, type: Field['type'], more: Partial<Field> = {}): Field => ({
  id,
  type,
  title: { zh: id, en: id },
  may_write: true,
  ...more,
});

beforeEach(() => {
  lang.value = 'en';
});

describe('a draft', () => {
  it('takes defaults only where a record is new', () => {
    const fields = [f('d', 'date', { default: 'today' }), f('n', 'number', { default: 3 })];
    expect(toDraft(fields, {}, '2026-11-22')).toEqual({ d: '2026-11-22', n: '3' });
    expect(toDraft(fields, {})).toEqual({ d: '', n: '' });
  });
  it('comes back as the values it was made of', () => {
    const fields = [
      f('t', 'text'),
      f('n', 'number'),
      f('b', 'bool'),
      f('s', 'time'),
      f('r', 'ref', { to: 'x' }),
      f('w', 'text2'),
      f('g', 'geometry'),
    ];
    const values = {
      t: 'x',
      n: 1.5,
      b: false,
      s: 1795000000000 - (1795000000000 % 60000),
      r: 12,
      w: { zh: '中', en: 'm' },
      g: { type: 'Point', coordinates: [1, 2] },
    };
    const r = readDraft(fields, toDraft(fields, values));
    expect(r.errors).toEqual({});
    expect(r.values).toEqual(values);
    expect(changes(fields, values, r.values)).toEqual({});
  });
  it('says in sentences what is wrong', () => {
    expect(readOne(f('a', 'number', { min: 0, unit: 'm' }), '-1')[1]).toContain('less than 0 m');
    expect(readOne(f('a', 'number', { decimals: 1 }), '1.25')[1]).toContain('1 decimals');
    expect(readOne(f('a', 'number', { decimals: 1 }), '1.20')[1]).toBe('');
    expect(readOne(f('a', 'text', { max: 2 }), 'abc')[1]).toContain('at most 2');
    expect(readOne(f('a', 'money'), '12.345')[1]).toContain('2 decimals');
    expect(readDraft([f('a', 'text', { required: true })], {}).errors.a).toContain('filled in');
  });
  it('writes only what changed, null for what was cleared', () => {
    const fields = [f('a', 'text'), f('b', 'number'), f('m', 'money')];
    const base = { a: 'x', b: 2, m: 12.3 };
    expect(changes(fields, base, { a: null, b: 2, m: '12.30' })).toEqual({ a: null });
  });
  it('clashes only where both changed to different values', () => {
    const fields = [f('a', 'text'), f('b', 'text'), f('c', 'text')];
    const hit = clashes(
      fields,
      { a: '1', b: '1', c: '1' },
      { a: '2', b: '1', c: '3' },
      { a: '9', b: '9', c: '3' },
    );
    expect(hit.map((x) => x.field.id)).toEqual(['a']);
  });
});
