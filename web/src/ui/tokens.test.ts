// SPDX-License-Identifier: Apache-2.0
/** The palette keeps its promises: contrast, and severities that colour-blind eyes tell apart. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

function block(head: string): Record<string, string> {
  const at = css.indexOf(head);
  const body = css.slice(css.indexOf('{', at) + 1, css.indexOf('}', at));
  return Object.fromEntries(
    [...body.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})/gi)].map((m) => [m[1], m[2]!]),
  );
}

const css = readFileSync('src/ui/tokens.css', 'utf8');
const light = block('[data-theme="light"]');
const dark = block('[data-theme="dark"]');
const fills = block(':root {');

type Rgb = [number, number, number];
const rgb = (hex: string): Rgb =>
  [1, 3, 5].map((i) => Number.parseInt(hex.slice(i, i + 2), 16) / 255) as Rgb;
const linear = (v: number) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);

function contrast(a: string, b: string): number {
  const y = (h: string) => {
    const [r, g, bl] = rgb(h).map(linear) as Rgb;
    return 0.2126 * r + 0.7152 * g + 0.0722 * bl;
  };
  const [hi, lo] = [y(a), y(b)].sort((p, q) => q - p) as [number, number];
  return (hi + 0.05) / (lo + 0.05);
}

// Viénot, Brettel, Mollon 1999: deuteranopia and protanopia as matrices on linear RGB
const BLIND: Record<string, number[][]> = {
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  deuteranopia: [
    [0.29275, 0.70725, 0],
    [0.29275, 0.70725, 0],
    [-0.02234, 0.02234, 1],
  ],
  protanopia: [
    [0.11238, 0.88762, 0],
    [0.11238, 0.88762, 0],
    [0.00401, -0.00401, 1],
  ],
};

function lab(hex: string, m: number[][]): Rgb {
  const l = rgb(hex).map(linear) as Rgb;
  const [r, g, b] = m.map((row) => row[0]! * l[0] + row[1]! * l[1] + row[2]! * l[2]) as Rgb;
  const f = (t: number) =>
    t > 216 / 24389 ? Math.cbrt(Math.max(t, 0)) : ((24389 / 27) * t + 16) / 116;
  const x = f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047);
  const y = f(0.2126 * r + 0.7152 * g + 0.0722 * b);
  const z = f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

describe.each([
  ['light', light],
  ['dark', dark],
])('%s', (_, p) => {
  it('text is readable on field and panel', () => {
    for (const bg of [p.field!, p.panel!, p.raised!]) {
      for (const fg of [p.text!, p.text2!]) expect(contrast(fg, bg)).toBeGreaterThanOrEqual(4.5);
    }
  });

  it('outlines, lines and focus stand out', () => {
    for (const bg of [p.field!, p.panel!]) {
      for (const fg of [p.outline!, p.focus!, p.line!])
        expect(contrast(fg, bg)).toBeGreaterThanOrEqual(3);
    }
    for (const l of ['alarm', 'cut', 'restore']) {
      expect(contrast(p[`limit-${l}`]!, p.field!), l).toBeGreaterThanOrEqual(2.8);
    }
    expect(contrast(p['on-focus']!, p.focus!)).toBeGreaterThanOrEqual(4.5);
  });
});

describe('severity', () => {
  const names = ['p1', 'p2', 'p3', 'p4', 'fault'];

  it('digits are readable on their fills', () => {
    for (const n of names)
      expect(contrast(fills[n]!, fills[`${n}-glyph`]!)).toBeGreaterThanOrEqual(4.5);
  });

  it.each(Object.keys(BLIND))('fills differ for %s sight', (sight) => {
    for (let i = 0; i < names.length; i++) {
      for (let j = i + 1; j < names.length; j++) {
        const [a, b] = [
          lab(fills[names[i]!]!, BLIND[sight]!),
          lab(fills[names[j]!]!, BLIND[sight]!),
        ];
        const d = Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
        expect(d, `${names[i]} ${names[j]}`).toBeGreaterThanOrEqual(15);
      }
    }
  });
});
