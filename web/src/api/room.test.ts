// SPDX-License-Identifier: Apache-2.0
/**
 * The room's shapes against those that the program declares (types.ts is made of api/openapi.yaml):
 * a member that a screen reads and the program does not send is an error of `npm run check`.
 */
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  type ImportRow,
  type Item,
  importTexts,
  type Job,
  loadRoom,
  type Page,
  type Record_,
  type Register,
  type RoomModel,
  room,
} from './room';
import type * as api from './types';

type Row = NonNullable<api.ImportJob['rows']>[number];
type Declared = api.Registers['registers'][number];

/** Members of `Read` that `Sent` has not. */
type Unsent<Read, Sent> = Exclude<keyof Read, keyof Sent>;
const nothing = <_Unsent extends never>() => true;

describe('the room as the program declares it', () => {
  it('sends every member that the screens read', () => {
    expect(nothing<Unsent<Item, api.Record>>()).toBe(true);
    expect(nothing<Unsent<Record_, api.Record>>()).toBe(true);
    expect(nothing<Unsent<Page<Item>, api.RecordPage>>()).toBe(true);
    expect(nothing<Unsent<ImportRow, Row>>()).toBe(true);
    expect(nothing<Unsent<Job, api.ImportJob>>()).toBe(true);
    expect(nothing<Unsent<Register, Declared>>()).toBe(true);
    expect(nothing<Unsent<RoomModel, api.Registers>>()).toBe(true);
  });
});

describe('what is declared', () => {
  afterEach(() => vi.unstubAllGlobals());
  it('stays when nobody answers, and is none where the program has none', async () => {
    const answers: (() => Response)[] = [
      () => new Response(JSON.stringify({ registers: [{ id: 'a', title: {}, fields: [] }] })),
      () => {
        throw new TypeError('Failed to fetch');
      },
      () => new Response('{}', { status: 503 }),
      () => new Response('{}', { status: 501 }),
    ];
    vi.stubGlobal('fetch', async (u: string) =>
      u.includes('/registers') ? answers.shift()!() : new Response('{}'),
    );
    const seen = [];
    while (answers.length > 0) seen.push([await loadRoom(), room.value.registers.length]);
    expect(seen).toEqual([
      [true, 1],
      [false, 1],
      [false, 1],
      [true, 0],
    ]);
  });
});

describe('texts of an import', () => {
  const row: ImportRow = { row: 2, fate: 'error', texts: ['日期有误'], texts_en: ['a wrong date'] };
  it('are those of the screen, else Chinese', () => {
    expect(importTexts(row, 'zh')).toEqual(['日期有误']);
    expect(importTexts(row, 'en')).toEqual(['a wrong date']);
    expect(importTexts({ ...row, texts_en: undefined }, 'en')).toEqual(['日期有误']);
    expect(importTexts({ row: 3, fate: 'same' }, 'en')).toEqual([]);
  });
});
