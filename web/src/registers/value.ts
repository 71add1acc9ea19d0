// SPDX-License-Identifier: Apache-2.0
/** Values of records as people read them, by the type that the declaration gives the field. */
import { signal } from '@preact/signals';
import { api } from '../api/client';
import { type Field, type Item, personName, recordPath } from '../api/room';
import { site } from '../api/site';
import { day, fullStamp, num, unitSign } from '../app/format';
import { pick, type Text } from '../app/i18n';
import { t } from './texts';

const refLabels = signal<ReadonlyMap<number, string>>(new Map());
const asked = new Set<number>();

export function knowRef(id: number, label: string): void {
  if (refLabels.peek().get(id) === label) return;
  asked.add(id);
  refLabels.value = new Map(refLabels.peek()).set(id, label);
}

/** The label of a referenced record; asked for once, drawn when it has come. */
export function refLabel(register: string, id: number): string {
  const known = refLabels.value.get(id);
  if (known !== undefined) return known;
  if (!asked.has(id)) {
    asked.add(id);
    api.get<Item>(recordPath(register, id)).then(
      (r) => knowRef(id, r.label || r.key),
      () => knowRef(id, `#${id}`),
    );
  }
  return '…';
}

export const unitText = (f: Field) => unitSign(pick(f.unit ?? ''));

function shapeText(v: unknown): string {
  const g = v as { type?: string; coordinates?: unknown[] } | null;
  if (!g?.type) return t('shape.none');
  const first = g.coordinates?.[0];
  if (g.type === 'Point') return t('shape.Point');
  if (g.type === 'LineString') return t('shape.LineString', { n: g.coordinates?.length ?? 0 });
  if (g.type === 'Polygon')
    return t('shape.Polygon', { n: Math.max(0, (Array.isArray(first) ? first.length : 1) - 1) });
  return t('shape.other');
}

function numberText(f: Field, v: unknown): string {
  const x = Number(v);
  if (!Number.isFinite(x)) return String(v);
  if (f.type === 'money') return num(x, 2);
  return f.decimals !== undefined ? num(x, f.decimals) : String(v);
}

/** Without unit; empty for what is not known. */
export function valueText(f: Field, v: unknown): string {
  if (v === null || v === undefined || v === '') return '';
  switch (f.type === 'computed' ? (f.as ?? 'number') : f.type) {
    case 'number':
    case 'money':
      return numberText(f, v);
    case 'text2':
      return pick(v as Text);
    case 'time':
      return fullStamp(Number(v));
    case 'bool':
      return t(v ? 'yes' : 'no');
    case 'enum':
      return pick(f.values?.find((x) => x.id === v)?.title) || String(v);
    case 'ref':
      return typeof v === 'object'
        ? String((v as { label?: string }).label ?? '')
        : refLabel(f.to ?? '', Number(v));
    case 'place':
      return site.value.placeName(String(v)) || String(v);
    case 'person':
      return personName(String(v));
    case 'geometry':
      return shapeText(v);
    case 'file':
    case 'photo':
      return Array.isArray(v) ? t('file.n', { n: v.length }) : '';
    default:
      return String(v);
  }
}

export function withUnit(f: Field, v: unknown): string {
  const text = valueText(f, v);
  return text && unitText(f) ? `${text} ${unitText(f)}` : text || t('none');
}

export const isNumber = (f: Field) =>
  ['number', 'money'].includes(f.type === 'computed' ? (f.as ?? 'number') : f.type);

/** Takes walks of persons: they come from the phone and are shown as such. */
export const isWalk = (f: Field) => f.type === 'file' && !!f.types?.includes('track');

export const isFiles = (f: Field) => f.type === 'file' || f.type === 'photo';

/** "3 天", "5 小时": a span to a deadline, in whole units. */
export function spanText(ms: number): string {
  const m = Math.floor(Math.abs(ms) / 60_000);
  if (m < 90) return t('minutes', { n: m });
  if (m < 48 * 60) return t('hours', { n: Math.floor(m / 60) });
  return t('days', { n: Math.floor(m / 1440) });
}

export function dueText(due: number | null | undefined, now: number): string {
  if (!due) return t('nodue');
  return due < now
    ? t('late', { span: spanText(now - due) })
    : t('left', { span: spanText(due - now) });
}

export const today = (now: number) => day(now);
