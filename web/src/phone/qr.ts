// SPDX-License-Identifier: Apache-2.0
/** An address as a QR code (ISO/IEC 18004): bytes, level L, versions 1 to 5, one block, mask 0. */
const DATA = [19, 34, 55, 80, 108];
const CHECK = [7, 10, 15, 20, 26];
const FORMAT = '111011111000100'; // level L, mask 0
const HEAD_BITS = 12; // mode and length

type Grid = (boolean | null)[][];

/** Of GF(256) with x^8 + x^4 + x^3 + x^2 + 1. */
function times(a: number, b: number): number {
  let out = 0;
  for (let i = 7; i >= 0; i--) {
    out = (out << 1) ^ (out & 0x80 ? 0x11d : 0);
    if ((b >> i) & 1) out ^= a;
  }
  return out & 0xff;
}

/** The remainder of Reed and Solomon: `n` bytes that let errors be found. */
function check(data: readonly number[], n: number): number[] {
  let gen = [1];
  for (let i = 0, root = 1; i < n; i++, root = times(root, 2)) {
    const next = [...gen, 0];
    gen.forEach((g, k) => {
      next[k + 1]! ^= times(g, root);
    });
    gen = next;
  }
  const rest = [...data, ...new Array<number>(n).fill(0)];
  for (let i = 0; i < data.length; i++) {
    const lead = rest[i]!;
    gen.forEach((g, k) => {
      rest[i + k]! ^= times(g, lead);
    });
  }
  return rest.slice(data.length);
}

function codewords(bytes: Uint8Array, room: number): number[] {
  let bits = `0100${bytes.length.toString(2).padStart(8, '0')}`;
  for (const b of bytes) bits += b.toString(2).padStart(8, '0');
  bits += '0'.repeat(Math.min(4, room * 8 - bits.length));
  bits += '0'.repeat((8 - (bits.length % 8)) % 8);
  const out = (bits.match(/.{8}/g) ?? []).map((x) => Number.parseInt(x, 2));
  for (let pad = 0xec; out.length < room; pad ^= 0xec ^ 0x11) out.push(pad);
  return out;
}

/** Finder patterns, timing, alignment; format bits are written at the end. */
function frame(version: number): Grid {
  const n = 17 + 4 * version;
  const g: Grid = Array.from({ length: n }, () => new Array<boolean | null>(n).fill(null));
  const square = (cy: number, cx: number, r: number, dark: (d: number) => boolean) => {
    for (let y = cy - r; y <= cy + r; y++)
      for (let x = cx - r; x <= cx + r; x++)
        if (g[y]?.[x] !== undefined) g[y]![x] = dark(Math.max(Math.abs(y - cy), Math.abs(x - cx)));
  };
  for (let i = 8; i < n - 8; i++) g[6]![i] = g[i]![6] = i % 2 === 0;
  for (const [y, x] of [
    [3, 3],
    [3, n - 4],
    [n - 4, 3],
  ] as const)
    square(y, x, 4, (d) => d !== 2 && d !== 4);
  if (version > 1) square(n - 7, n - 7, 2, (d) => d !== 1);
  format(g);
  return g;
}

function format(g: Grid): void {
  const n = g.length;
  const bit = (i: number) => FORMAT[i] === '1';
  for (let i = 0; i < 15; i++) {
    // beside the upper left finder, then split between the other two
    const [y, x] = i < 6 ? [8, i] : i < 8 ? [8, i + 1] : i === 8 ? [7, 8] : [14 - i, 8];
    g[y]![x] = bit(i);
    if (i < 7) g[n - 1 - i]![8] = bit(i);
    else g[8]![n - 15 + i] = bit(i);
  }
  g[n - 8]![8] = true;
}

/** Two columns at a time from the right, up and down in turn. */
function fill(g: Grid, bits: string): void {
  const n = g.length;
  let at = 0;
  for (let right = n - 1, up = true; right > 0; right -= 2, up = !up) {
    if (right === 6) right = 5;
    for (let k = 0; k < n; k++) {
      const y = up ? n - 1 - k : k;
      for (const x of [right, right - 1])
        if (g[y]![x] === null) g[y]![x] = (bits[at++] === '1') !== ((y + x) % 2 === 0);
    }
  }
}

/** Rows of dark and light; null when the text is too long (about 100 characters). */
export function qrCode(text: string): boolean[][] | null {
  const bytes = new TextEncoder().encode(text);
  const i = DATA.findIndex((room) => bytes.length * 8 + HEAD_BITS <= room * 8);
  if (i < 0) return null;
  const data = codewords(bytes, DATA[i]!);
  const all = [...data, ...check(data, CHECK[i]!)];
  const g = frame(i + 1);
  fill(g, all.map((b) => b.toString(2).padStart(8, '0')).join(''));
  return g as boolean[][];
}

/** Its dark squares as the path of an SVG, with the quiet edge around them. */
export const QUIET = 4;
export function qrPath(code: readonly (readonly boolean[])[]): string {
  let d = '';
  code.forEach((row, y) => {
    row.forEach((dark, x) => {
      if (dark) d += `M${x + QUIET} ${y + QUIET}h1v1h-1z`;
    });
  });
  return d;
}
