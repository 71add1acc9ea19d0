// SPDX-License-Identifier: Apache-2.0
/**
 * Texts. Every room of the UI keeps a zh.json and an en.json and makes its typed `t` from them:
 *   const t = texts(zh, en);   t('key', { n: 3 })
 * A key that only one of them has does not compile (zh → en) or fails i18n.test (en → zh).
 */
import { computed, effect } from '@preact/signals';
import { pref } from './prefs';

export type Lang = 'zh' | 'en' | 'pseudo';
export const lang = pref<Lang>('lang', 'zh');
export const locale = computed(() => (lang.value === 'zh' ? 'zh-CN' : 'en-GB'));

export type Params = Record<string, string | number>;
export type T<K extends string> = (key: K, params?: Params) => string;

const all: { zh: Record<string, string>; en: Record<string, string> }[] = [];

function fill(text: string, params?: Params): string {
  return params ? text.replace(/\{(\w+)\}/g, (m, k: string) => String(params[k] ?? m)) : text;
}

/** English grown by 60 %, to see whether layouts hold. */
function pseudo(text: string): string {
  return `[${text}${'·'.repeat(Math.ceil(text.length * 0.6))}]`;
}

export function texts<Z extends Record<string, string>>(
  zh: Z,
  en: { [K in keyof Z]: string },
): T<keyof Z & string> {
  all.push({ zh, en });
  return (key, params) => {
    const l = lang.value;
    if (l === 'zh') return fill(zh[key] ?? key, params);
    const text = fill(en[key] ?? key, params);
    return l === 'pseudo' ? pseudo(text) : text;
  };
}

/** All text tables made so far, for the test that compares their keys. */
export function tables(): readonly { zh: Record<string, string>; en: Record<string, string> }[] {
  return all;
}

export interface Text {
  zh: string;
  en?: string;
}

/** A text of the site or a pack in the language of the screen; Chinese where no other is given. */
export function pick(text: Text | string | null | undefined): string {
  if (text === null || text === undefined) return '';
  if (typeof text === 'string') return text;
  return (lang.value === 'zh' ? text.zh : text.en) || text.zh;
}

/** Name of a point or place: `name_en` where the screen is English and there is one. */
export function nameOf(o: { name: string; name_en?: string | undefined } | undefined): string {
  if (!o) return '';
  return (lang.value !== 'zh' && o.name_en) || o.name;
}

export function followLang(): void {
  effect(() => {
    document.documentElement.lang = locale.value;
  });
}
