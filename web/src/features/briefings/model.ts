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
