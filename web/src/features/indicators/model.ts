// SPDX-License-Identifier: Apache-2.0
import type { Item } from '../../api/room';
import { num, unitSign } from '../../app/format';
import { pick, type Text } from '../../app/i18n';

export interface Setting {
  id: string;
  title: Text;
  value?: number;
  default?: number;
  values?: number[];
  by?: string;
}

export interface Indicator {
  id: string;
  title: Text;
  group?: Text;
  unit?: Text | string;
  decimals?: number;
  better?: 'higher' | 'lower';
  definition?: Text;
  value: number | null;
  numerator?: number | null;
  denominator?: number | null;
  target?: number | { value?: number | null } | null;
  status?: 'on' | 'behind' | 'missed' | 'unknown';
  forecast?: number | null;
  responsible?: string | null;
  settings?: Setting[];
  /** Can it be said which records would bring it to its target? */
  what_if?: boolean;
}

export interface WhatIf {
  register: string;
  numerator: number | null;
  denominator: number | null;
  target: number | null;
  needed: number | null;
  would_be: number | null;
  reachable: boolean | null;
  candidates: { record: { id: number; label: string }; why: string }[];
}

export interface Drill {
  register?: string | null;
  items: Item[];
  total?: number;
  next?: string | null;
}

export function figure(i: Indicator, v: number | null | undefined): string {
  return v === null || v === undefined ? '–' : num(v, i.decimals ?? 1);
}

export const unit = (i: Indicator) => unitSign(pick(i.unit ?? ''));

export function targetOf(i: Indicator): number | null {
  return typeof i.target === 'object' ? (i.target?.value ?? null) : (i.target ?? null);
}

/** Begin of the month, quarter or year of a moment and of the one after, at the site's offset. */
export function period(
  ms: number,
  kind: 'month' | 'quarter' | 'year',
  offset: number,
): [number, number] {
  const d = new Date(ms + offset);
  const [y, m] = [d.getUTCFullYear(), d.getUTCMonth()];
  const first = kind === 'year' ? 0 : kind === 'quarter' ? m - (m % 3) : m;
  const length = kind === 'year' ? 12 : kind === 'quarter' ? 3 : 1;
  return [Date.UTC(y, first, 1) - offset, Date.UTC(y, first + length, 1) - offset];
}
