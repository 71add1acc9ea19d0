// SPDX-License-Identifier: Apache-2.0
/**
 * What a person has typed, and what becomes of it. A draft holds a text for each field (a text2 two
 * texts, a geometry its object); `readDraft` makes the values of a request and says in sentences what is wrong.
 */
import type { Field, Fields } from '../api/room';
import { fromInput, toInput } from '../app/format';
import { pick, type Text } from '../app/i18n';
import { t } from './texts';
import { isFiles, unitText } from './value';

export type Draft = Record<string, unknown>;

/** Fields that a form shows: not those of the past, not what has its own place on the page. */
export const formFields = (fields: readonly Field[]) => fields.filter((f) => !f.ended);
export const isTyped = (f: Field) =>
  f.type !== 'computed' && !isFiles(f) && !f.auto && f.may_write !== false;

function startOf(f: Field, now: string): unknown {
  if (f.default === undefined || f.default === null) return undefined;
  if (f.type === 'date' && f.default === 'today') return now;
  if (f.type === 'bool') return f.default === true || f.default === 'true';
  return f.default;
}

/** From kept values to what stands in the boxes. */
export function toDraft(fields: readonly Field[], values: Fields, today = ''): Draft {
  const out: Draft = {};
  for (const f of fields) {
    const v = values[f.id] ?? (today ? startOf(f, today) : undefined);
    if (f.type === 'text2') out[f.id] = { zh: '', en: '', ...(v as Text | undefined) };
    else if (f.type === 'geometry') out[f.id] = v ?? null;
    else if (f.type === 'bool') out[f.id] = v === undefined || v === null ? '' : v ? '1' : '0';
    else if (f.type === 'time') out[f.id] = v ? toInput(Number(v)).slice(0, 16) : '';
    else out[f.id] = v === undefined || v === null ? '' : String(v);
  }
  return out;
}

function numberOf(f: Field, text: string, title: string): [unknown, string] {
  const plain = text.replaceAll(',', '').replaceAll('，', '');
  const x = Number(plain);
  if (!Number.isFinite(x)) return [null, t('e.number', { title })];
  const unit = unitText(f) ? ` ${unitText(f)}` : '';
  if (f.min !== undefined && x < f.min) return [null, t('e.min', { title, min: f.min, unit })];
  if (f.max !== undefined && x > f.max) return [null, t('e.max', { title, max: f.max, unit })];
  const places = f.type === 'money' ? 2 : f.decimals;
  const after = /\.(\d*?)0*$/.exec(plain)?.[1]?.length ?? 0;
  if (places !== undefined && after > places) return [null, t('e.decimals', { title, n: places })];
  return [f.type === 'money' ? x.toFixed(2) : x, ''];
}

function textOf(f: Field, text: string, title: string): [unknown, string] {
  const max = f.max ?? 2000;
  if (text.length > max) return [null, t('e.long', { title, max, n: text.length })];
  if (f.pattern) {
    try {
      if (!new RegExp(f.pattern, 'u').test(text))
        return [null, t('e.pattern', { title, pattern: f.pattern })];
    } catch {
      // an expression that this browser does not read: the server judges
    }
  }
  return [text, ''];
}

/** One box: its value for a request and, if any, the sentence that says what is wrong. */
export function readOne(f: Field, typed: unknown): [value: unknown, error: string] {
  const title = pick(f.title);
  if (f.type === 'geometry') return [typed ?? null, ''];
  if (f.type === 'text2') {
    const two = typed as { zh: string; en: string };
    const [zh, en] = [two.zh.trim(), two.en.trim()];
    return zh || en ? [{ ...(zh ? { zh } : {}), ...(en ? { en } : {}) }, ''] : [null, ''];
  }
  const text = String(typed ?? '').trim();
  if (!text) return [null, ''];
  switch (f.type) {
    case 'number':
    case 'money':
      return numberOf(f, text, title);
    case 'bool':
      return [text === '1', ''];
    case 'time': {
      const ms = fromInput(text);
      return ms === null ? [null, t('e.date', { title })] : [ms, ''];
    }
    case 'date':
      return /^\d{4}-\d\d-\d\d$/.test(text) ? [text, ''] : [null, t('e.date', { title })];
    case 'ref':
      return /^\d+$/.test(text) ? [Number(text), ''] : [text, ''];
    case 'text':
      return textOf(f, text, title);
    default:
      return [text, ''];
  }
}

export interface Reading {
  values: Fields;
  errors: Record<string, string>;
}

/** All boxes; `need` are ids that must not be empty besides the required ones. */
export function readDraft(
  fields: readonly Field[],
  draft: Draft,
  need: readonly string[] = [],
): Reading {
  const out: Reading = { values: {}, errors: {} };
  for (const f of fields) {
    if (!isTyped(f)) continue;
    const [value, error] = readOne(f, draft[f.id]);
    if (error) out.errors[f.id] = error;
    else if (value === null && (f.required || need.includes(f.id)))
      out.errors[f.id] = t('e.required', { title: pick(f.title) });
    out.values[f.id] = value;
  }
  return out;
}

export const same = (a: unknown, b: unknown) =>
  JSON.stringify(a ?? null) === JSON.stringify(b ?? null);

/** Only what differs from `base`: what a request writes. Money is compared as a number. */
export function changes(fields: readonly Field[], base: Fields, values: Fields): Fields {
  const out: Fields = {};
  for (const f of fields) {
    if (!(f.id in values)) continue;
    const [a, b] = [base[f.id] ?? null, values[f.id] ?? null];
    const equal =
      f.type === 'money' && a !== null && b !== null ? Number(a) === Number(b) : same(a, b);
    if (!equal) out[f.id] = values[f.id];
  }
  return out;
}

export interface Clash {
  field: Field;
  base: unknown;
  theirs: unknown;
  mine: unknown;
}

/** Fields that both sides changed, to different values, since `base`. */
export function clashes(
  fields: readonly Field[],
  base: Fields,
  theirs: Fields,
  mine: Fields,
): Clash[] {
  return fields
    .filter(
      (f) => f.id in mine && !same(base[f.id], theirs[f.id]) && !same(theirs[f.id], mine[f.id]),
    )
    .map((f) => ({ field: f, base: base[f.id], theirs: theirs[f.id], mine: mine[f.id] }));
}
