// SPDX-License-Identifier: Apache-2.0
/** A first password: random, without characters that are mistaken for each other on paper. */
const LETTERS = 'abcdefghijkmnpqrstuvwxyz23456789';
const GROUPS = 4;
const LENGTH = 4;

/** 16 characters of 32 letters: 80 bits. 32 divides 256, so each letter is equally likely. */
export function randomPassword(
  fill: (a: Uint8Array<ArrayBuffer>) => Uint8Array = (a) => crypto.getRandomValues(a),
): string {
  const bytes = fill(new Uint8Array(GROUPS * LENGTH));
  const chars = [...bytes].map((b) => LETTERS[b % LETTERS.length]!);
  const out: string[] = [];
  for (let i = 0; i < chars.length; i += LENGTH) out.push(chars.slice(i, i + LENGTH).join(''));
  return out.join('-');
}
