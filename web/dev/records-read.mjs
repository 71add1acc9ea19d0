// SPDX-License-Identifier: Apache-2.0
// How the fixture's records are read: lists, one record, cases, a table to take away.
import { transitions } from './records-flow.mjs';
import { WORKFLOW } from './records-model.mjs';
import { fieldOf, invalid, labelOf, no, recs, regs } from './records-store.mjs';

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

export function item(r, at, known) {
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

export function list(register, q) {
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
  const at = Number(q.get('offset') || q.get('cursor') || 0);
  const limit = Number(q.get('limit') || 100);
  rows = rows.slice(at, at + limit);
  return {
    items: rows.map((r) => item(r, Number(q.get('at') || 0), known)),
    total,
    next: at + limit < total ? String(at + limit) : null,
  };
}

export function full(r, who, at, known) {
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

export function cases(q, who) {
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

export function csv(register, q) {
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
