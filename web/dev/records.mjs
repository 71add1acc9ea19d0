// SPDX-License-Identifier: Apache-2.0
// Registers, cases, ledgers, indicators and the calendar of the fixture, kept in memory as
// docs/internals/records.md says: versions and conflicts, rights, facts, imports as jobs.
import { createHash } from 'node:crypto';
import {
  calendarOf,
  dayOf,
  INDICATORS,
  LEDGERS,
  PEOPLE,
  REGISTERS,
  rightsOf,
  START,
  seed,
  WORKFLOW,
} from './records-model.mjs';

export { rightsOf };

const DAY = 86_400_000;
const regs = new Map(REGISTERS.map((r) => [r.id, r]));
const recs = new Map();
const bodies = new Map();
const jobs = new Map();
const txns = [];
const changedDays = new Map();
const KEYS = { hazard: 0, project: 0, target: 0, patrol: 0 };
let lastId = 0;
let lastFact = 0;

class Refused extends Error {
  constructor(code, text_zh, status = 400, text = text_zh) {
    super(text);
    Object.assign(this, { code, text_zh, status });
  }
}
const no = (what) => new Refused('KT_ENOTFOUND', `没有：${what}`, 404);
const invalid = (zh, en) => new Refused('KT_EINVAL', zh, 400, en);
const denied = (zh) => new Refused('KT_EDENIED', zh, 403);

const word = (title) => title?.zh ?? title;
const fieldOf = (reg, id) => reg.fields.find((x) => x.id === id);

function labelOf(r) {
  const reg = regs.get(r.register);
  return (reg.label ?? `{${reg.key}}`).replace(/\{(\w+)\}/g, (_, k) => r.fields[k] ?? '').trim();
}

/** A value as it is kept, or why it cannot be. */
function checked(field, v) {
  const name = word(field.title);
  if (v === null || v === '') return null;
  switch (field.type) {
    case 'text':
      if (typeof v !== 'string') throw invalid(`${name}：须为文字`);
      if (v.length > (field.max ?? 2000)) throw invalid(`${name}：最多 ${field.max} 字`);
      if (field.pattern && !new RegExp(field.pattern).test(v))
        throw invalid(`${name}：“${v}”不合格式 ${field.pattern}`);
      return v;
    case 'number':
    case 'money': {
      const x = Number(v);
      if (!Number.isFinite(x)) throw invalid(`${name}：“${v}”不是数`);
      if (field.min !== undefined && x < field.min)
        throw invalid(`${name}：${x} 小于 ${field.min}`);
      if (field.max !== undefined && x > field.max)
        throw invalid(`${name}：${x} 大于 ${field.max}`);
      return x;
    }
    case 'date':
      if (!/^\d{4}-\d\d-\d\d$/.test(v) || Number.isNaN(Date.parse(v)))
        throw invalid(`${name}：“${v}”不是日期（例 2026-11-22）`);
      return v;
    case 'enum': {
      const hit = field.values.find((x) => x.id === v || x.title.zh === v || x.title.en === v);
      if (!hit)
        throw invalid(
          `${name}：没有“${v}”，可选 ${field.values.map((x) => x.title.zh).join('、')}`,
        );
      return hit.id;
    }
    case 'bool':
      return v === true || v === '是' || v === 'true' || v === '1';
    case 'ref': {
      const hit =
        recs.get(Number(v)) ??
        [...recs.values()].find((r) => r.register === field.to && r.key === v);
      if (!hit || hit.register !== field.to) throw invalid(`${name}：没有“${v}”`);
      return hit.id;
    }
    case 'place':
      return v;
    default:
      return v;
  }
}

function put(r, id, value, by, time, more = {}) {
  const fact = {
    id: ++lastFact,
    field: id,
    value,
    since: more.since ?? time,
    time,
    by,
    source: more.source ?? '',
    verified: more.verified ? 1 : 0,
    certainty: more.certainty ?? null,
    note: more.note ?? '',
    chosen: more.beside ? null : time,
    dropped: null,
  };
  r.facts.push(fact);
  if (!more.beside) r.fields[id] = value;
  return fact;
}

function touch(r, by, time = Date.now()) {
  r.version += 1;
  r.changed = time;
  r.changed_by = by;
}

function make(register, fields, by, time = Date.now(), more = {}) {
  const reg = regs.get(register);
  const r = {
    id: ++lastId,
    register,
    key: '',
    version: 1,
    fields: {},
    facts: [],
    moves: [],
    attachments: [],
    conflicts: [],
    created: time,
    created_by: by,
    changed: time,
    changed_by: by,
    ended: null,
    merged: null,
    state: reg.workflow ? (more.state ?? 'open') : null,
    since: time,
    owner: more.owner ?? by,
    due: more.due ?? null,
    signed: {},
  };
  const auto = reg.fields.find((x) => x.auto);
  const n = ++KEYS[register];
  if (auto)
    put(
      r,
      auto.id,
      `${auto.auto.slice(0, 2)}-${new Date(time).getFullYear()}-${String(n).padStart(4, '0')}`,
      by,
      time,
    );
  for (const [k, v] of Object.entries(fields)) if (v !== null) put(r, k, v, by, time, more);
  r.key = String(r.fields[reg.key] ?? r.id);
  if (reg.workflow)
    r.moves.push({
      kind: 'move',
      transition: '',
      from: '',
      to: r.state,
      owner: r.owner,
      due: r.due,
      by,
      time,
      note: '',
    });
  recs.set(r.id, r);
  return r;
}

/** Fields as they were valid at `at` and known at `known`; null when the record was not yet there. */
function fieldsAt(r, at, known) {
  if (!at && !known) return r.fields;
  if (r.created > (known || Infinity)) return null;
  const out = {};
  for (const x of r.facts)
    if (x.time <= (known || Infinity) && x.since <= (at || known || Infinity) && x.chosen)
      out[x.field] = x.value;
  return out;
}

function item(r, at, known) {
  const fields = fieldsAt(r, at, known) ?? r.fields;
  const cost = regs.get(r.register).fields.some((x) => x.id === 'cost')
    ? { cost: Number(fields.fine ?? 0) / 100 }
    : {};
  const {
    id,
    register,
    key,
    version,
    state,
    owner,
    due,
    ended,
    merged,
    changed,
    changed_by,
    created,
    created_by,
    conflicts,
  } = r;
  return {
    id,
    register,
    key,
    label: labelOf({ ...r, fields }),
    version,
    place: fields.place ?? null,
    state,
    owner,
    due,
    ended,
    merged,
    changed,
    changed_by,
    created,
    created_by,
    conflicts: conflicts.length,
    fields: { ...fields, ...cost },
    attachments: r.attachments.filter((a) => !a.ended).length,
  };
}

const special = {
  _state: 'state',
  _owner: 'owner',
  _due: 'due',
  _changed: 'changed',
  _ended: 'ended',
  _id: 'id',
};
const cellOf = (r, f) => (special[f] ? r[special[f]] : r.fields[f]);

function holds(r, [f, op, v]) {
  const x = cellOf(r, f) ?? null;
  switch (op) {
    case '=':
      return x === v;
    case '!=':
      return x !== v;
    case '<':
      return x !== null && x < v;
    case '<=':
      return x !== null && x <= v;
    case '>':
      return x !== null && x > v;
    case '>=':
      return x !== null && x >= v;
    case 'in':
      return v.includes(x);
    case 'has':
      return typeof x === 'string' && x.includes(v);
    case 'empty':
      return (x === null || x === '') === (v ?? true);
    default:
      throw invalid(`没有运算 ${op}`);
  }
}

function list(register, q) {
  const reg = regs.get(register);
  if (!reg) throw no(register);
  const filter = JSON.parse(q.get('filter') || '[]');
  const ended = filter.some((x) => x[0] === '_ended');
  const known = Number(q.get('known') || 0);
  const words = (q.get('q') ?? '').split(/\s+/).filter(Boolean);
  let rows = [...recs.values()].filter(
    (r) =>
      r.register === register &&
      (ended || !r.ended) &&
      (!known || r.created <= known) &&
      filter.every((x) => holds(r, x)) &&
      words.every((w) =>
        `${r.key} ${Object.values(r.fields)
          .filter((v) => typeof v === 'string')
          .join(' ')}`.includes(w),
      ),
  );
  const sort = (q.get('sort') || '-_changed')
    .split(',')
    .map((s) => [s.replace(/^-/, ''), s[0] === '-' ? -1 : 1]);
  rows.sort((a, b) => {
    for (const [f, dir] of sort) {
      const [x, y] = [cellOf(a, f) ?? '', cellOf(b, f) ?? ''];
      if (x !== y) return (x < y ? -1 : 1) * dir;
    }
    return a.id - b.id;
  });
  const total = rows.length;
  const at = Number(q.get('cursor') || 0);
  const limit = Number(q.get('limit') || 100);
  rows = rows.slice(at, at + limit);
  return {
    items: rows.map((r) => item(r, Number(q.get('at') || 0), known)),
    total,
    next: at + limit < total ? String(at + limit) : null,
  };
}

function may(tr, r, who) {
  const rights = rightsOf(who);
  if (!tr.from.includes(r.state)) return `现在是“${stateWord(r.state)}”`;
  const ok = (tr.who ?? ['record.write']).some((w) =>
    w === 'owner' ? r.owner === who : rights.includes(w),
  );
  if (!ok) return tr.who?.includes('owner') ? '只有负责人可以办理' : '没有这项权限';
  if (tr.sign && r.signed[tr.id]?.includes(who)) return '您已签过，须另一人再签';
  return '';
}
const stateWord = (id) => word(WORKFLOW.states.find((s) => s.id === id)?.title);

function transitions(r, who) {
  if (!r.state) return [];
  return WORKFLOW.transitions
    .filter((tr) => tr.from.includes(r.state))
    .map((tr) => {
      const why = may(tr, r, who);
      return {
        id: tr.id,
        title: tr.title,
        to: tr.to,
        may: !why,
        why: why.startsWith('只有')
          ? { zh: '负责人', en: 'its owner' }
          : why && !why.startsWith('您已')
            ? { zh: tr.who.join('、'), en: tr.who.join(', ') }
            : null,
        signed_by_me: r.signed[tr.id]?.includes(who) ?? false,
        needs: (tr.needs ?? []).filter((x) => r.fields[x] === undefined),
        evidence: Object.entries(tr.evidence ?? {}).map(([field, n]) => ({
          field,
          needs: n,
          has: r.attachments.filter((a) => a.field === field && !a.ended && a.time >= r.since)
            .length,
        })),
        note: tr.note ?? 'optional',
        owner: tr.owner ?? 'keep',
        sign: tr.sign ?? 1,
        signed: r.signed[tr.id]?.length ?? 0,
      };
    });
}

function full(r, who, at, known) {
  const many = new Set(r.facts.filter((x) => !x.chosen && !x.dropped).map((x) => x.field));
  const refs = {};
  for (const fl of regs.get(r.register).fields)
    if (fl.type === 'ref' && r.fields[fl.id]) {
      const to = recs.get(r.fields[fl.id]);
      refs[fl.id] = { register: to.register, id: to.id, key: to.key, label: labelOf(to) };
    }
  const into = [...recs.values()].flatMap((o) =>
    regs
      .get(o.register)
      .fields.filter(
        (fl) => fl.type === 'ref' && fl.to === r.register && o.fields[fl.id] === r.id && !o.ended,
      )
      .map((fl) => ({ field: fl.id, register: o.register, id: o.id, label: labelOf(o) })),
  );
  return {
    ...item(r, at, known),
    facts: r.facts.filter((x) => many.has(x.field) && !x.dropped),
    moves: r.moves,
    attachments: r.attachments.filter((a) => !a.ended),
    refs,
    referrers: into,
    transitions: at || known ? [] : transitions(r, who),
  };
}

function get(register, id) {
  const r = recs.get(Number(id));
  if (!r || r.register !== register) throw no(`${register} ${id}`);
  return r;
}

function own(r, version) {
  const found = recs.get(Number(r));
  if (!found) throw no(`记录 ${r}`);
  if (version !== undefined && version !== found.version)
    throw new Refused(
      'KT_ECONFLICT',
      `${found.key} 已由 ${found.changed_by} 修改（第 ${found.version} 版，您看到的是第 ${version} 版）`,
      409,
      `${found.key} was changed by ${found.changed_by} since`,
    );
  return found;
}

const need = (who, right) => {
  if (!rightsOf(who).includes(right)) throw denied('您的角色没有这项权限');
};

let tellAll = () => {};
function told(r, change, by, more = {}) {
  tellAll('outcome', {
    type: 'record',
    register: r.register,
    record: r.id,
    version: r.version,
    change,
    key: r.key,
    label: labelOf(r),
    place: r.fields.place,
    state: r.state,
    owner: r.owner,
    due: r.due,
    by,
    ...more,
  });
}

function setFields(r, fields, by, more) {
  const reg = regs.get(r.register);
  const next = [];
  for (const [id, v] of Object.entries(fields)) {
    const fl = fieldOf(reg, id);
    if (!fl) throw invalid(`没有字段 ${id}`);
    if (fl.may_write === false) throw denied(`${word(fl.title)} 不能修改`);
    next.push([fl, checked(fl, v)]);
  }
  for (const fl of reg.fields)
    if (fl.required && (fields[fl.id] === null || fields[fl.id] === ''))
      throw invalid(`${word(fl.title)}：必填`);
  const time = Date.now();
  for (const [fl, v] of next) {
    const before = r.facts.filter((x) => x.field === fl.id && x.chosen).pop();
    const other =
      fl.sources &&
      more.source &&
      before?.source &&
      before.source !== more.source &&
      before.value !== v;
    put(r, fl.id, v, by, time, { ...more, beside: other });
    if (other && !r.conflicts.includes(fl.id)) r.conflicts.push(fl.id);
  }
}

function workdays(from, n) {
  let day = dayOf(from);
  for (let left = n; left > 0; ) {
    day = dayOf(Date.parse(`${day}T04:00:00Z`) + DAY);
    if (calendarOf(Number(day.slice(0, 4)), changedDays).find((d) => d.day === day).working) left--;
  }
  return Date.parse(`${day}T16:00:00Z`);
}

function move(args, who) {
  const r = own(args.record, args.version);
  const tr = WORKFLOW.transitions.find((x) => x.id === args.transition);
  if (!tr) throw invalid(`没有流转 ${args.transition}`);
  const why = may(tr, r, who);
  if (why) throw new Refused(why.startsWith('现在') ? 'KT_ESTATE' : 'KT_EDENIED', why, 409);
  if (tr.note === 'required' && !args.note?.trim()) throw invalid('请写明说明');
  for (const id of tr.needs ?? [])
    if (!(args.fields?.[id] ?? r.fields[id]))
      throw invalid(`${word(fieldOf(regs.get(r.register), id).title)}：必填`);
  for (const [id, n] of Object.entries(tr.evidence ?? {})) {
    const have = r.attachments.filter(
      (a) => a.field === id && !a.ended && a.time >= r.since,
    ).length;
    if (have < n)
      throw invalid(`${word(fieldOf(regs.get(r.register), id).title)}：还差 ${n - have} 个`);
  }
  if (tr.owner === 'given' && !args.to) throw invalid('请指定负责人');
  if (args.fields) setFields(r, args.fields, who, {});
  const time = Date.now();
  const entry = {
    transition: tr.id,
    from: r.state,
    to: tr.to,
    by: who,
    time,
    note: args.note ?? '',
  };
  if (tr.sign) {
    const signed = (r.signed[tr.id] ??= []);
    signed.push(who);
    if (signed.length < tr.sign) {
      r.moves.push({ ...entry, kind: 'sign', to: r.state });
      touch(r, who, time);
      told(r, 'sign', who);
      return { version: r.version, state: r.state };
    }
  }
  r.signed = {};
  r.state = tr.to;
  r.since = time;
  if (tr.owner === 'given') r.owner = args.to;
  r.due = tr.due ? workdays(time, tr.due.days) : ['closed', 'void'].includes(tr.to) ? null : r.due;
  r.receipt = tr.receipt ? { until: time + tr.receipt.hours * 3600_000, done: false } : null;
  r.moves.push({ ...entry, kind: 'move', owner: r.owner, due: r.due });
  touch(r, who, time);
  told(r, 'move', who);
  return { version: r.version, state: r.state };
}

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

function startImport(register, q, buf) {
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

function job(id) {
  const j = jobs.get(id);
  if (!j) throw no(id);
  const part = Math.min(1, (Date.now() - j.begun) / 600);
  if (part < 1) return { state: 'running', progress: part, rows: [], counts: {} };
  const counts = { create: 0, change: 0, same: 0, error: 0 };
  for (const r of j.rows) counts[r.fate]++;
  return { state: 'done', progress: 1, rows: j.rows.map(({ fields, record, ...r }) => r), counts };
}

function writeImport(id, who) {
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

export const verbs = {
  'record.create': (a, who) => {
    need(who, 'record.write');
    const reg = regs.get(a.register);
    const fields = {};
    for (const fl of reg.fields) {
      const v = a.fields[fl.id];
      if (fl.required && !fl.auto && (v === undefined || v === null || v === ''))
        throw invalid(`${word(fl.title)}：必填`);
      if (v !== undefined) fields[fl.id] = checked(fl, v);
    }
    const r = make(a.register, fields, who);
    told(r, 'create', who);
    return { record: r.id, version: r.version, key: r.key };
  },
  'record.set': (a, who) => {
    need(who, 'record.write');
    const r = own(a.record, a.version);
    setFields(r, a.fields, who, a);
    touch(r, who);
    told(r, 'set', who, { fields: Object.keys(a.fields) });
    return { version: r.version };
  },
  'record.end': (a, who) => {
    const r = own(a.record, a.version);
    if (!a.reason) throw invalid('请写明原因');
    r.ended = Date.now();
    touch(r, who);
    told(r, 'end', who);
    return { version: r.version };
  },
  'record.reopen': (a, who) => {
    const r = own(a.record, a.version);
    r.ended = null;
    touch(r, who);
    told(r, 'reopen', who);
    return { version: r.version };
  },
  'record.resolve': (a, who) => {
    const r = own(a.record, a.version);
    const hit = r.facts.find((x) => x.id === a.fact);
    if (!hit) throw no('来源');
    const time = Date.now();
    for (const x of r.facts) if (x.field === a.field && x !== hit && !x.dropped) x.dropped = time;
    hit.chosen = time;
    r.fields[a.field] = hit.value;
    r.conflicts = r.conflicts.filter((x) => x !== a.field);
    touch(r, who);
    told(r, 'resolve', who);
    return { version: r.version };
  },
  'record.merge': (a, who) => {
    need(who, 'record.merge');
    const keep = own(a.keep, a.version);
    const drop = own(a.drop);
    for (const [id, from] of Object.entries(a.fields ?? {}))
      if (from === 'drop')
        put(keep, id, drop.fields[id] ?? null, who, Date.now(), { note: `合并自 ${drop.key}` });
    drop.ended = Date.now();
    drop.merged = keep.id;
    touch(drop, who);
    touch(keep, who);
    told(keep, 'merge', who);
    return { version: keep.version };
  },
  'record.move': move,
  'record.assign': (a, who) => {
    const r = own(a.record, a.version);
    r.owner = a.owner;
    r.moves.push({ kind: 'assign', owner: a.owner, by: who, time: Date.now(), note: a.note ?? '' });
    touch(r, who);
    told(r, 'assign', who);
    return { version: r.version };
  },
  'record.receipt': (a, who) => {
    const r = own(a.record, a.version);
    if (r.owner !== who) throw denied('只有负责人可以签收');
    if (r.receipt) r.receipt.done = true;
    r.moves.push({ kind: 'receipt', by: who, time: Date.now(), note: a.note ?? '' });
    touch(r, who);
    told(r, 'receipt', who);
    return { version: r.version };
  },
  'record.attach': (a, who) => {
    const r = own(a.record, a.version);
    if (!bodies.has(a.hash)) throw no(`附件 ${a.hash.slice(0, 8)}`);
    const { hash, field, name, type, size, meta } = a;
    r.attachments.push({
      hash,
      field,
      name,
      type,
      size,
      by: who,
      time: Date.now(),
      meta: meta ?? {},
      ended: null,
    });
    touch(r, who);
    told(r, 'attach', who);
    return { version: r.version };
  },
  'record.detach': (a, who) => {
    const r = own(a.record);
    for (const x of r.attachments)
      if (x.hash === a.hash && x.field === a.field) x.ended = Date.now();
    touch(r, who);
    return { version: r.version };
  },
  'record.bulk': (a, who) => {
    const out = { done: 0, refused: [] };
    for (const x of a.records)
      try {
        if (a.transition) move({ ...x, transition: a.transition, note: a.note }, who);
        else {
          const r = own(x.record, x.version);
          setFields(r, a.fields, who, {});
          touch(r, who);
          told(r, 'set', who);
        }
        out.done++;
      } catch (e) {
        out.refused.push({ record: x.record, code: e.code, text: e.text_zh });
      }
    return out;
  },
  'record.setting': (a, who) => {
    need(who, 'indicator.write');
    const s = INDICATORS.find((i) => i.id === a.indicator).settings.find((x) => x.id === a.id);
    s.value = a.value;
    s.by = who;
    return {};
  },
  'calendar.set': (a, who) => {
    need(who, 'calendar.write');
    if (a.working === null) changedDays.delete(a.day);
    else changedDays.set(a.day, { working: a.working, note: a.note, by: who });
    return {};
  },
  'ledger.post': (a, who) => {
    need(who, 'ledger.post');
    if (Math.abs(a.lines.reduce((n, l) => n + Number(l.amount), 0)) > 1e-9)
      throw invalid('各行之和须为零');
    const led = LEDGERS.find((l) => l.id === a.ledger);
    if (a.day <= led.closed) throw new Refused('KT_ESTATE', `${led.closed} 及以前已结账`, 409);
    for (const l of a.lines) {
      const acc = led.accounts.find((x) => x.key === l.account);
      if (acc?.floor !== null && balance(l.account) + Number(l.amount) < acc.floor)
        throw new Refused('KT_ECONFLICT', `${word(acc.title)} 不能低于 ${acc.floor}`, 409);
    }
    txns.push({
      id: txns.length + 1,
      ledger: a.ledger,
      day: a.day,
      text: a.text,
      by: who,
      time: Date.now(),
      reverses: null,
      lines: a.lines,
    });
    return { txn: txns.length };
  },
  'ledger.reverse': (a, who) => {
    const old = txns.find((x) => x.id === a.txn);
    if (txns.some((x) => x.reverses === a.txn)) throw new Refused('KT_ECONFLICT', '已经冲销', 409);
    txns.push({
      ...old,
      id: txns.length + 1,
      day: a.day,
      text: `冲销：${a.reason}`,
      by: who,
      time: Date.now(),
      reverses: a.txn,
      lines: old.lines.map((l) => ({ ...l, amount: -l.amount })),
    });
    return { txn: txns.length };
  },
  'ledger.close': (a, who) => {
    need(who, 'ledger.close');
    LEDGERS.find((l) => l.id === a.ledger).closed = a.until;
    return {};
  },
  'ledger.open': (a) => {
    LEDGERS.find((l) => l.id === a.ledger).accounts.push({
      key: a.key,
      title: a.title,
      floor: a.floor ?? null,
    });
    return {};
  },
};

const balance = (key, until = '9999') =>
  txns
    .filter((x) => x.day <= until)
    .reduce(
      (n, x) =>
        n + x.lines.filter((l) => l.account === key).reduce((m, l) => m + Number(l.amount), 0),
      0,
    );

function ledgerView(l) {
  return {
    ...l,
    closed_until: l.closed,
    accounts: l.accounts.map((a) => ({ ...a, account: a.key, balance: balance(a.key) })),
  };
}

function entries(q) {
  const sums = {};
  const rows = [];
  for (const x of [...txns].sort((a, b) => a.day.localeCompare(b.day) || a.id - b.id)) {
    const lines = x.lines.map((p) => {
      sums[p.account] = (sums[p.account] ?? 0) + Number(p.amount);
      return { ...p, balance: sums[p.account] };
    });
    const account = q.get('account');
    if (account && !lines.some((p) => p.account === account)) continue;
    rows.push({
      ...x,
      txn: x.id,
      reversed_by: txns.find((y) => y.reverses === x.id)?.id ?? null,
      lines,
    });
  }
  return { items: rows.reverse(), next: null };
}

function counted(i) {
  const all = [...recs.values()].filter((r) => r.register === 'hazard' && !r.ended);
  if (i.id === 'hazard_open') return all.filter((r) => !['closed', 'void'].includes(r.state));
  return all.filter((r) => r.state === 'closed' || (r.due && r.due < Date.now()));
}

function indicator(i) {
  const rows = i.register ? counted(i) : [];
  const closed = rows.filter((r) => r.state === 'closed').length;
  const value =
    i.id === 'hazard_closed'
      ? (100 * closed) / (rows.length || 1)
      : i.id === 'hazard_open'
        ? rows.length
        : -balance('store') * 0.6;
  const good =
    i.target === null ? null : i.better === 'higher' ? value >= i.target : value <= i.target;
  return {
    ...i,
    value: i.id === 'water_use' ? Math.abs(value) : value,
    numerator: i.id === 'hazard_closed' ? closed : value,
    denominator: i.id === 'hazard_closed' ? rows.length : null,
    status:
      good === null ? 'unknown' : good ? 'on' : i.id === 'hazard_closed' ? 'missed' : 'behind',
    forecast: i.id === 'hazard_closed' ? value + 4.2 : null,
    from: START - 30 * DAY,
    to: START,
  };
}

function cases(q, who) {
  const rows = [...recs.values()].filter(
    (r) =>
      r.state &&
      !r.ended &&
      (q.get('state') ? r.state === q.get('state') : !['closed', 'void'].includes(r.state)) &&
      (!q.get('mine') || r.owner === who) &&
      (!q.get('overdue') || (r.due && r.due < Date.now())),
  );
  return {
    items: rows.map((r) => ({
      ...item(r),
      workflow: 'rectify',
      state_title: WORKFLOW.states.find((s) => s.id === r.state).title,
      late_ms: r.due ? Math.max(0, Date.now() - r.due) : 0,
      receipt: r.receipt && !r.receipt.done ? r.receipt.until : null,
      transitions: transitions(r, who),
    })),
    total: rows.length,
  };
}

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
  for (let k = 0; k < 14; k++) {
    const day = dayOf(START - (30 - k * 2) * DAY);
    txns.push({
      id: k + 1,
      ledger: 'water',
      day,
      text: k % 2 ? '降尘洒水' : '矿井水处理站来水',
      by: 'qian',
      time: START - (30 - k * 2) * DAY,
      reverses: null,
      lines:
        k % 2
          ? [
              { account: 'store', amount: -180.5 },
              { account: 'dust', amount: 180.5 },
            ]
          : [
              { account: 'source', amount: -420 },
              { account: 'store', amount: 420 },
            ],
    });
  }
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
  people: PEOPLE,
});

function csv(register, q) {
  const reg = regs.get(register);
  const cols = (q.get('columns') || '').split(',').filter(Boolean);
  const fields = cols.length ? cols.map((c) => fieldOf(reg, c)).filter(Boolean) : reg.fields;
  const p = new URLSearchParams(q);
  p.set('limit', '100000');
  const lines = list(register, p).items.map((r) =>
    fields.map((x) => `"${r.fields[x.id] ?? ''}"`).join(','),
  );
  return `\ufeff${[fields.map((x) => x.title.zh).join(','), ...lines].join('\r\n')}\r\n`;
}

/** Answers one call, or undefined when it is none of the room's. `raw()` reads the body as bytes. */
export async function answer(method, path, q, raw, ctx) {
  begin(ctx);
  tellAll = ctx.tell;
  const { who } = ctx;
  const p = path.slice(1).split('/').map(decodeURIComponent);
  const at = Number(q.get('at') || 0);
  const known = Number(q.get('known') || 0);
  if (path === '/registers') return registersFor(who);
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
  if (p[0] === 'attachments') {
    const b = bodies.get(p[1]);
    if (!b) throw no('附件');
    return { raw: b.buf, type: b.type };
  }
  if (p[0] === 'jobs' && jobs.has(p[1])) return job(p[1]); // others are back-tests
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
