// SPDX-License-Identifier: Apache-2.0
// Registers, cases, ledgers, indicators and the calendar of the fixture, kept in memory as
// docs/internals/records.md says: versions and conflicts, rights, facts, imports as jobs.
import { createHash } from 'node:crypto';
import { counted, entries, indicator, ledgerView, openBooks } from './records-books.mjs';
import { manyMoves } from './records-flow.mjs';
import { cancelJob, job, jobs, startImport, writeImport } from './records-import.mjs';
import {
  calendarOf,
  INDICATORS,
  LEDGERS,
  PEOPLE,
  REGISTERS,
  rightsOf,
  START,
  seed,
  WORKFLOW,
} from './records-model.mjs';
import { cases, csv, full, item, list } from './records-read.mjs';
import {
  bodies,
  changedDays,
  get,
  labelOf,
  listen,
  make,
  need,
  no,
  put,
  recs,
  regs,
} from './records-store.mjs';

export { verbs } from './records-verbs.mjs';
export { rightsOf };

const DAY = 86_400_000;

function begin(ctx) {
  if (recs.size) return;
  const where = (p) => {
    const pl = ctx.site.places.find((x) => x.id === p);
    return pl?.x !== undefined
      ? [pl.x, pl.y]
      : ctx.points.filter((x) => x.place === p).map((x) => [x.x, x.y])[0];
  };
  for (const row of seed(
    ctx.site.places.map((p) => p.id),
    where,
  ))
    make(row.register, row.fields, 'qian', START - row.age, {
      ...row,
      source: row.fields.depth ? '井下实测' : '',
    });
  const first = [...recs.values()].find((r) => r.register === 'hazard' && r.fields.depth);
  put(first, 'depth', 3.2, 'li', START - DAY, { source: '钻孔资料', certainty: 0.7, beside: true });
  first.conflicts.push('depth');
  const two = [...recs.values()].filter((r) => r.register === 'hazard').slice(0, 11);
  two[9].fields.title = two[10].fields.title = '1203 皮带机头积煤';
  openBooks();
}

function upload(q, buf) {
  const hash = createHash('sha256').update(buf).digest('hex');
  const jpg = buf[0] === 0xff && buf[1] === 0xd8;
  const png = buf[0] === 0x89 && buf[1] === 0x50;
  const type = jpg
    ? 'image/jpeg'
    : png
      ? 'image/png'
      : buf.subarray(0, 4).toString() === '%PDF'
        ? 'application/pdf'
        : 'text/plain';
  bodies.set(hash, { type, buf, name: q.get('name') });
  return { hash, name: q.get('name'), type, size: buf.length };
}

function keepTrack(buf, who) {
  const walk = JSON.parse(buf.toString('utf8'));
  const up = upload(new URLSearchParams({ name: `${who}.track` }), buf);
  bodies.set(up.hash, { ...bodies.get(up.hash), walk });
  return { ...up, type: 'application/vnd.kuangtu.track+json', kind: 'track' };
}

/** Walks of all records of a register, or of one of them, as features. */
function tracksOf(register, record) {
  const all = [...recs.values()].filter(
    (r) => r.register === register && (!record || r.id === record),
  );
  const features = all.flatMap((r) =>
    r.attachments
      .filter((a) => bodies.get(a.hash)?.walk)
      .map((a) => {
        const { points, checks } = bodies.get(a.hash).walk;
        const coordinates = points.map((x) => [x[1], x[2]]);
        const times = [...points.map((x) => x[0]), ...checks.map((x) => x.time)];
        const meta = { from: Math.min(...times), to: Math.max(...times), points: points.length };
        return {
          type: 'Feature',
          geometry: points.length > 1 ? { type: 'LineString', coordinates } : null,
          properties: {
            record: r.id,
            register,
            key: r.key,
            field: a.field,
            hash: a.hash,
            user: a.by,
            time: a.time,
            meta,
            checks,
            erased: false,
          },
        };
      }),
  );
  return { type: 'FeatureCollection', features, hidden: 0, more: false };
}

const registersFor = (who) => ({
  registers: REGISTERS.map((r) => ({
    ...r,
    may: {
      create: rightsOf(who).includes('record.write'),
      write: rightsOf(who).includes('record.write'),
      import: rightsOf(who).includes('record.import'),
      merge: rightsOf(who).includes('record.merge'),
    },
    total: [...recs.values()].filter((x) => x.register === r.id && !x.ended).length,
  })),
  workflows: [{ ...WORKFLOW, transitions: undefined }],
  ledgers: LEDGERS.map(({ id, title, group }) => ({ id, title, group })),
  indicators: INDICATORS.map(({ id, title, group }) => ({ id, title, group })),
});

/** Answers one call, or undefined when it is none of the room's. `raw()` reads the body as bytes. */
export async function answer(method, path, q, raw, ctx) {
  begin(ctx);
  listen(ctx.tell);
  const { who } = ctx;
  const p = path.slice(1).split('/').map(decodeURIComponent);
  const at = Number(q.get('at') || 0);
  const known = Number(q.get('known') || 0);
  if (path === '/registers') return registersFor(who);
  if (path === '/people') {
    const items = PEOPLE.filter((x) => `${x.user} ${x.name}`.includes(q.get('q') ?? ''));
    const what = { units: ['mine'], roles: [{ zh: '调度员', en: 'Dispatcher' }] };
    return {
      items: items.map((x) => ({ ...what, ...x })),
      total: items.length,
      rights: ['hazard.check'],
    };
  }
  if (path === '/cases/counts')
    return [WORKFLOW].map((w) => ({
      workflow: w.id,
      open: cases(new URLSearchParams({ workflow: w.id, limit: '2000' }), who).length,
    }));
  if (path === '/cases') return cases(q, who);
  if (path === '/search' || (p[0] === 'search' && p.length === 1))
    return [...recs.values()]
      .filter((r) => labelOf(r).includes(q.get('q')))
      .slice(0, 12)
      .map((r) => ({
        register: r.register,
        id: r.id,
        label: labelOf(r),
        field: 'title',
        snippet: labelOf(r),
      }));
  if (path === '/attachments' && method === 'POST') return upload(q, await raw());
  if (path === '/tracks' && method === 'POST') return keepTrack(await raw(), who);
  if (p[0] === 'attachments') {
    const b = bodies.get(p[1]);
    if (!b) throw no('附件');
    return { raw: b.buf, type: b.type };
  }
  if (p[0] === 'jobs' && jobs.has(p[1])) return method === 'DELETE' ? cancelJob(p[1]) : job(p[1]); // others are back-tests
  if (path === '/calendar') return calendarOf(Number(q.get('year')), changedDays);
  if (path === '/ledgers') return { items: LEDGERS.map(ledgerView) };
  if (p[0] === 'ledgers') {
    const l = LEDGERS.find((x) => x.id === p[1]);
    if (!l) throw no(p[1]);
    return p[2] === 'entries' ? entries(q) : ledgerView(l);
  }
  if (path === '/indicators') return INDICATORS.map(indicator);
  if (p[0] === 'indicators') {
    const i = INDICATORS.find((x) => x.id === p[1]);
    if (!i) throw no(p[1]);
    if (p[2] !== 'drill') return indicator(i);
    const items = i.register ? counted(i).map((r) => item(r)) : [];
    return { register: i.register ?? null, items, total: items.length };
  }
  if (p[0] !== 'records') return undefined;
  const reg = regs.get(p[1]);
  if (!reg) throw no(p[1]);
  if (p.length === 2) return list(p[1], q);
  if (p[2] === 'export') {
    const format = q.get('format') ?? 'csv';
    return {
      raw: csv(p[1], q),
      type: format === 'csv' ? 'text/csv; charset=utf-8' : 'application/octet-stream',
      name: `${p[1]}.${format}`,
    };
  }
  if (p[2] === 'template')
    return {
      raw: `\ufeff${reg.fields
        .filter((x) => !x.auto && !['computed', 'geometry', 'photo', 'file'].includes(x.type))
        .map((x) => x.title.zh)
        .join(',')}\r\n`,
      type: 'text/csv; charset=utf-8',
      name: `${p[1]}.csv`,
    };
  if (p[2] === 'map')
    return {
      type: 'FeatureCollection',
      features: [...recs.values()]
        .filter((r) => r.register === p[1] && !r.ended && r.fields[reg.map?.geometry])
        .map((r) => ({
          type: 'Feature',
          id: r.id,
          geometry: r.fields[reg.map.geometry],
          properties: { id: r.id, label: r.key, state: r.state, due: r.due },
        })),
    };
  if (p[2] === 'duplicates') {
    const seen = new Map();
    const out = [];
    for (const r of recs.values()) {
      if (r.register !== p[1] || r.ended || !r.fields.title) continue;
      const k = r.fields.title;
      if (seen.has(k)) out.push([item(seen.get(k)), item(r), ['title']]);
      else seen.set(k, r);
    }
    return out;
  }
  if (p[2] === 'tracks' || p[3] === 'tracks') return tracksOf(p[1], p[3] ? Number(p[2]) : 0);
  if (p[2] === 'transitions') {
    const { records } = JSON.parse((await raw()).toString('utf8'));
    return manyMoves(records, who);
  }
  if (p[2] === 'import') {
    if (p.length === 3) {
      need(who, 'record.import');
      return startImport(p[1], q, await raw());
    }
    return writeImport(p[3], who);
  }
  const r = get(p[1], p[2]);
  if (p.length === 3) return full(r, who, at, known);
  if (p[3] === 'history') return r.facts;
  if (p[3] === 'documents')
    return { raw: `${labelOf(r)}\n`, type: 'text/plain; charset=utf-8', name: 'document.txt' };
  throw no(path);
}
