// SPDX-License-Identifier: Apache-2.0
// The fixture's imports: a table becomes fates, then records; looked at as jobs.
import {
  checked,
  fieldOf,
  invalid,
  make,
  need,
  no,
  recs,
  regs,
  setFields,
  told,
  touch,
  word,
} from './records-store.mjs';

export const jobs = new Map();

function fates(register, rows, mode) {
  const reg = regs.get(register);
  return rows.map((cells, i) => {
    const out = {
      row: i + 2,
      fate: 'same',
      key: cells[reg.key] ?? '',
      texts: [],
      changes: [],
      fields: {},
    };
    const old = [...recs.values()].find(
      (r) => r.register === register && r.key === out.key && out.key,
    );
    for (const [id, v] of Object.entries(cells)) {
      const fl = fieldOf(reg, id);
      if (!fl || fl.auto || v === '') continue;
      try {
        const x = checked(fl, v);
        if (!old || old.fields[id] !== x) {
          out.fields[id] = x;
          out.changes.push({ field: id, from: old?.fields[id] ?? null, to: x });
        }
      } catch (e) {
        out.texts.push(e.text_zh);
      }
    }
    if (!old && mode === 'update') out.texts.push(`没有 ${out.key}，本次只更新`);
    if (old && mode === 'add') out.texts.push(`${out.key} 已有，本次只新增`);
    if (!old)
      for (const fl of reg.fields)
        if (fl.required && out.fields[fl.id] === undefined)
          out.texts.push(`${word(fl.title)}：必填`);
    out.fate = out.texts.length
      ? 'error'
      : !old
        ? 'create'
        : out.changes.length
          ? 'change'
          : 'same';
    return { ...out, record: old?.id };
  });
}

function parseCsv(text) {
  const lines = text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .filter(Boolean);
  return lines.map((l) =>
    [...l.matchAll(/("([^"]|"")*"|[^,]*)(,|$)/g)]
      .slice(0, -1)
      .map((m) => m[1].replace(/^"|"$/g, '').replaceAll('""', '"')),
  );
}

export function startImport(register, q, buf) {
  const reg = regs.get(register);
  const [head, ...body] = parseCsv(buf.toString('utf8'));
  if (!head?.length) throw invalid('文件没有表头', 'the file has no heading');
  const ids = head.map(
    (h) => reg.fields.find((x) => x.id === h || x.title.zh === h || x.title.en === h)?.id,
  );
  const unknown = head.filter((_, i) => !ids[i]);
  if (unknown.length === head.length) throw invalid(`表头中没有本台账的列：${head.join('、')}`);
  const rows = body.map((cells) =>
    Object.fromEntries(cells.map((c, i) => [ids[i], c]).filter(([k]) => k)),
  );
  const id = `j${jobs.size + 1}`;
  const result = fates(register, rows, q.get('mode') ?? 'both');
  jobs.set(id, { id, register, begun: Date.now(), rows: result, name: q.get('name') });
  return { job: id };
}

export function job(id) {
  const j = jobs.get(id);
  if (!j) throw no(id);
  if (j.cancelled) return { state: 'cancelled', progress: 1 };
  const part = Math.min(1, (Date.now() - j.begun) / 600);
  if (part < 1) return { state: 'running', progress: part, rows: [], counts: {} };
  const counts = { create: 0, change: 0, same: 0, error: 0 };
  for (const r of j.rows) counts[r.fate]++;
  return { state: 'done', progress: 1, rows: j.rows.map(({ fields, record, ...r }) => r), counts };
}

export function cancelJob(id) {
  jobs.get(id).cancelled = true;
  return job(id);
}

export function writeImport(id, who) {
  const j = jobs.get(id);
  need(who, 'record.import');
  const n = { created: 0, changed: 0, same: 0 };
  for (const row of j.rows) {
    if (row.fate === 'create') {
      told(make(j.register, row.fields, who), 'create', who);
      n.created++;
    } else if (row.fate === 'change') {
      const r = recs.get(row.record);
      setFields(r, row.fields, who, { source: j.name });
      touch(r, who);
      n.changed++;
    } else if (row.fate === 'same') n.same++;
  }
  return n;
}
