// SPDX-License-Identifier: Apache-2.0
export interface Block {
  heading?: number;
  text?: string;
  columns?: string[];
  rows?: string[][];
}

export interface Doc {
  title: string;
  from: number;
  to: number;
  blocks: Block[];
}

export interface Section {
  title: string;
  texts: string[];
  tables: { columns: string[]; rows: string[][] }[];
}

/** Sections by their headings; what stands before the first is the head. */
export function sectionsOf(doc: Doc): { head: string[]; sections: Section[] } {
  const head: string[] = [];
  const sections: Section[] = [];
  for (const b of doc.blocks) {
    const last = sections[sections.length - 1];
    if (b.heading && b.heading > 1) sections.push({ title: b.text ?? '', texts: [], tables: [] });
    else if (b.columns && last) last.tables.push({ columns: b.columns, rows: b.rows ?? [] });
    else if (b.text && !b.heading) (last ? last.texts : head).push(b.text);
  }
  return { head, sections };
}

/** Midnight of a day at the site; null of anything else. */
export function dayStart(text: string, offset: number): number | null {
  const ms = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  return Number.isNaN(ms) ? null : ms - offset;
}

/** Letters of a text as wide as they are drawn: Chinese ones count twice. */
function breadth(text: string): number {
  let n = 0;
  for (const c of text) n += c.charCodeAt(0) > 0x2e80 ? 2 : 1;
  return n;
}

const SHORT = 14;

/** Of each column what it needs, in em, where that is little; '' takes of what is left. A figure is
 *  never cut for the sake of a sentence beside it. */
export function widths(columns: readonly string[], rows: readonly string[][]): string[] {
  return columns.map((c, i) => {
    const cells = Math.max(0, ...rows.map((r) => breadth(r[i] ?? '')));
    const need = Math.max(cells, Math.min(breadth(c), 8));
    return need <= SHORT ? `${(need * 0.6 + 1).toFixed(1)}em` : '';
  });
}
