// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { lang, pick, tables, texts } from './i18n';

const all = import.meta.glob('../**/zh.json', { eager: true, import: 'default' });
const english = import.meta.glob('../**/en.json', { eager: true, import: 'default' });

describe('texts', () => {
  it('have the same keys and the same gaps in both languages', () => {
    expect(Object.keys(all).length).toBeGreaterThan(7);
    for (const [path, zh] of Object.entries(all) as [string, Record<string, string>][]) {
      const en = english[path.replace('zh.json', 'en.json')] as Record<string, string>;
      expect(Object.keys(en).sort(), path).toEqual(Object.keys(zh).sort());
      const gaps = (s: string) => [...s.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort();
      for (const k of Object.keys(zh)) expect(gaps(en[k]!), `${path} ${k}`).toEqual(gaps(zh[k]!));
    }
  });

  it('follow the language and fill in numbers', () => {
    const t = texts({ n: '共 {n} 行' }, { n: '{n} rows' });
    lang.value = 'zh';
    expect(t('n', { n: 3 })).toBe('共 3 行');
    lang.value = 'en';
    expect(t('n', { n: 3 })).toBe('3 rows');
    lang.value = 'pseudo';
    expect(t('n', { n: 3 }).length).toBeGreaterThan(8);
    lang.value = 'zh';
    expect(tables().length).toBeGreaterThan(0);
  });

  it('of a site fall back to Chinese', () => {
    lang.value = 'en';
    expect(pick({ zh: '瓦斯' })).toBe('瓦斯');
    expect(pick({ zh: '瓦斯', en: 'Methane' })).toBe('Methane');
    lang.value = 'zh';
    expect(pick(undefined)).toBe('');
  });
});
