// SPDX-License-Identifier: Apache-2.0
import { encode } from 'uqr';
import { describe, expect, it } from 'vitest';
import { qrCode } from './qr';
import { addressOf } from './Trust';

// read back as "http://a.cn" by zbar: level L, mask 0
const ROWS =
  '1fcb7f 104e41 175b5d 174a5d 17455d 104141 1fd57f 1b00 1dfec4 1618b1 975f7 2b892 75928 1e73 1fd217 105311 175e28 1742ba 175995 10533a 1fd20b';

describe('the code of an address', () => {
  it('is made by a library that makes what readers read', () => {
    const { data } = encode('http://a.cn', {
      ecc: 'L',
      boostEcc: false,
      maskPattern: 0,
      border: 0,
    });
    const rows = data.map((r) => Number.parseInt(r.map(Number).join(''), 2).toString(16));
    expect(rows.join(' ')).toBe(ROWS);
  });

  it('has a quiet edge, grows with the text and ends', () => {
    const code = qrCode('https://mine.example:8443/phone')!;
    expect(code.size).toBeGreaterThan(28);
    expect(code.path.startsWith('M4 4h1v1h-1z')).toBe(true);
    expect(qrCode('x'.repeat(300))!.size).toBeGreaterThan(code.size);
    expect(qrCode('x'.repeat(601))).toBeNull();
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
