// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { qrCode } from './qr';
import { addressOf } from './Trust';

// read back as "http://a.cn" by zbar
const ROWS =
  '1fcb7f 104e41 175b5d 174a5d 17455d 104141 1fd57f 1b00 1dfec4 1618b1 975f7 2b892 75928 1e73 1fd217 105311 175e28 1742ba 175995 10533a 1fd20b';

describe('the code of an address', () => {
  it('is the one that readers read', () => {
    const rows = qrCode('http://a.cn')!.map((r) =>
      Number.parseInt(r.map(Number).join(''), 2).toString(16),
    );
    expect(rows.join(' ')).toBe(ROWS);
  });

  it('grows with the text and ends', () => {
    const sizes = [10, 30, 50, 70, 100].map((n) => qrCode('x'.repeat(n))?.length);
    expect(sizes).toEqual([21, 25, 29, 33, 37]);
    expect(qrCode('x'.repeat(107))).toBeNull();
  });
});

describe('where phones go', () => {
  it('is this page when it is encrypted, else the port of the other listener', () => {
    const at = (protocol: string, host: string, port: string) => ({
      protocol,
      hostname: host,
      origin: `${protocol}//${host}${port}`,
    });
    expect(addressOf(at('https:', 'mine', ':9443'), '')).toBe('https://mine:9443/phone');
    expect(addressOf(at('http:', '10.1.2.3', ':8080'), '0.0.0.0:9443')).toBe(
      'https://10.1.2.3:9443/phone',
    );
    expect(addressOf(at('http:', '10.1.2.3', ''), '')).toBe('https://10.1.2.3:8443/phone');
    expect(addressOf(at('http:', 'mine', ''), '[::]:443')).toBe('https://mine/phone');
  });
});
