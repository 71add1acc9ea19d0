// SPDX-License-Identifier: Apache-2.0
/** Numbers, times and durations as people read them. Times are epoch ms, shown at the site's offset. */
import { signal } from '@preact/signals';
import { locale } from './i18n';

/** Offset of the site from UTC in ms; set when the site is loaded. */
export const siteOffset = signal(8 * 3600_000);

const two = (n: number) => (n < 10 ? `0${n}` : `${n}`);
const at = (ms: number) => new Date(ms + siteOffset.value);

export function hms(ms: number): string {
  const d = at(ms);
  return `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())}`;
}

export function hm(ms: number): string {
  return hms(ms).slice(0, 5);
}

export function monthDay(ms: number): string {
  const d = at(ms);
  return `${two(d.getUTCMonth() + 1)}-${two(d.getUTCDate())}`;
}

export function day(ms: number): string {
  return `${at(ms).getUTCFullYear()}-${monthDay(ms)}`;
}

/** "11-21 14:32:07" */
export function stamp(ms: number): string {
  return `${monthDay(ms)} ${hms(ms)}`;
}

/** "2026-11-21 14:32:07" */
export function fullStamp(ms: number): string {
  return `${day(ms)} ${hms(ms)}`;
}

/** Value for <input type="datetime-local" step="1">, and back. */
export function toInput(ms: number): string {
  return `${day(ms)}T${hms(ms)}`;
}

export function fromInput(text: string): number | null {
  const ms = Date.parse(`${text.length === 16 ? `${text}:00` : text}Z`);
  return Number.isNaN(ms) ? null : ms - siteOffset.value;
}

/** "02:14", "1:02:14", "3d 04h" */
export function span(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  const [h, m] = [Math.floor(s / 3600), Math.floor(s / 60) % 60];
  if (h >= 48) return `${Math.floor(h / 24)}d ${two(h % 24)}h`;
  return h > 0 ? `${h}:${two(m)}:${two(s % 60)}` : `${two(m)}:${two(s % 60)}`;
}

/** "2s", "3m", "2h", "4d": the age beside a value. */
export function age(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 100) return `${s}s`;
  if (s < 6000) return `${Math.round(s / 60)}m`;
  return s < 172800 ? `${Math.round(s / 3600)}h` : `${Math.round(s / 86400)}d`;
}

const UNIT_SIGNS: Record<string, string> = {
  degC: '℃',
  deg: '°',
  kohm: 'kΩ',
  '1': '',
  '1/s': '/s',
};

/** A unit as people write it; the site's files keep to ASCII. */
export function unitSign(unit: string): string {
  const sign = UNIT_SIGNS[unit];
  if (sign !== undefined) return sign;
  return unit.replace(/\bm([23])\b/g, (_, n: string) => (n === '2' ? 'm²' : 'm³'));
}

export function decimalsOf(resolution: number | undefined): number {
  if (!resolution || resolution >= 1) return 0;
  return Math.min(6, Math.ceil(-Math.log10(resolution) - 1e-9));
}

const formats = new Map<string, Intl.NumberFormat>();

export function num(v: number, decimals: number): string {
  const key = `${locale.value}/${decimals}`;
  let f = formats.get(key);
  if (!f) {
    f = new Intl.NumberFormat(locale.value, {
      minimumFractionDigits: decimals,
      maximumFractionDigits: decimals,
    });
    formats.set(key, f);
  }
  return f.format(v);
}
