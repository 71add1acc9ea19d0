// SPDX-License-Identifier: Apache-2.0
/**
 * Pinyin initials without a dictionary: the browser's collation orders Chinese by pinyin, so the
 * initial of a character is found between the first characters of the 23 initials.
 */
const LETTERS = 'abcdefghjklmnopqrstwxyz';
const FIRSTS = '阿八嚓哒妸发旮哈讥咔垃妈拏噢妑七呥仨它穵夕丫帀';
const RARE: Record<string, string> = {
  矸: 'g',
  硐: 'd',
  埋: 'm',
  采: 'c',
  掘: 'j',
  巷: 'x',
  长: 'c',
  重: 'z',
  调: 't',
};

let collator: Intl.Collator | null | undefined;

function pinyinCollator(): Intl.Collator | null {
  if (collator === undefined) {
    const c = new Intl.Collator('zh-Hans-CN-u-co-pinyin');
    // where the browser lacks the order, initials are left out rather than wrong
    collator = c.compare('阿', '帀') < 0 && c.compare('八', '发') < 0 ? c : null;
  }
  return collator;
}

const cache = new Map<string, string>();

export function initial(ch: string): string {
  if (/[a-z0-9]/i.test(ch)) return ch.toLowerCase();
  const known = RARE[ch] ?? cache.get(ch);
  if (known !== undefined) return known;
  let out = '';
  const c = pinyinCollator();
  if (c && /[\u4e00-\u9fff]/.test(ch)) {
    for (let i = FIRSTS.length - 1; i >= 0; i--) {
      if (c.compare(ch, FIRSTS[i]!) >= 0) {
        out = LETTERS[i]!;
        break;
      }
    }
  }
  cache.set(ch, out);
  return out;
}

/** "1203回风巷" → "1203hfx" */
export function initials(text: string): string {
  let out = '';
  for (const ch of text) out += initial(ch);
  return out;
}
