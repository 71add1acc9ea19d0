// SPDX-License-Identifier: Apache-2.0
/** An address as a QR code, for phones to be held against the screen. */
import { encode } from 'uqr';

/** Light squares around the code, as ISO/IEC 18004 asks. */
const QUIET = 4;
const MOST = 600;

export interface Code {
  /** Squares of its side, the quiet edge with it. */
  size: number;
  /** The dark squares as the path of an SVG. */
  path: string;
}

/** Null when the text is too long to be read off a screen. */
export function qrCode(text: string): Code | null {
  if (text.length > MOST) return null;
  const { data, size } = encode(text, { ecc: 'M', border: QUIET });
  let path = '';
  data.forEach((row, y) => {
    row.forEach((dark, x) => {
      if (dark) path += `M${x} ${y}h1v1h-1z`;
    });
  });
  return { size, path };
}
