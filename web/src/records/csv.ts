// SPDX-License-Identifier: Apache-2.0
/** Tables as CSV that a spreadsheet opens: BOM, quotes, CR LF; no cell is taken for a formula. */
import { download } from '../ui/download';

type Cell = string | number | boolean | null | undefined;

function quote(v: Cell): string {
  if (typeof v === 'number') return Number.isFinite(v) ? String(v) : '';
  const text = String(v ?? '');
  const safe = /^[=+\-@\t\r]/.test(text) && !/^[+-]?[\d.]+$/.test(text) ? `'${text}` : text;
  return `"${safe.replaceAll('"', '""')}"`;
}

export function csvText(head: readonly string[], rows: Iterable<readonly Cell[]>): string {
  const lines = [head.map(quote).join(',')];
  for (const r of rows) lines.push(r.map(quote).join(','));
  return `\ufeff${lines.join('\r\n')}\r\n`;
}

export function saveCsv(
  name: string,
  head: readonly string[],
  rows: Iterable<readonly Cell[]>,
): void {
  download(`${name}.csv`, 'text/csv;charset=utf-8', csvText(head, rows));
}
