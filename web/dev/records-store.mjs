// SPDX-License-Identifier: Apache-2.0
// What the fixture's record room keeps, in memory: records with their facts, who may, what is refused.
import { REGISTERS, rightsOf } from './records-model.mjs';

export const regs = new Map(REGISTERS.map((r) => [r.id, r]));
export const recs = new Map();
export const bodies = new Map();
export const changedDays = new Map();
const KEYS = { hazard: 0, project: 0, target: 0, patrol: 0 };
let lastId = 0;
let lastFact = 0;

export class Refused extends Error {
  constructor(code, text_zh, status = 400, text = text_zh) {
    super(text);
    Object.assign(this, { code, text_zh, status });
  }
}
export const no = (what) => new Refused('KT_ENOTFOUND', `没有：${what}`, 404);
export const invalid = (zh, en) => new Refused('KT_EINVAL', zh, 400, en);
export const denied = (zh) => new Refused('KT_EDENIED', zh, 403);

export const word = (title) => title?.zh ?? title;
export const fieldOf = (reg, id) => reg.fields.find((x) => x.id === id);

export function labelOf(r) {
  const reg = regs.get(r.register);
  return (reg.label ?? `{${reg.key}}`).replace(/\{(\w+)\}/g, (_, k) => r.fields[k] ?? '').trim();
}

/** A value as it is kept, or why it cannot be. */
export function checked(field, v) {
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

export function put(r, id, value, by, time, more = {}) {
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

export function touch(r, by, time = Date.now()) {
  r.version += 1;
  r.changed = time;
  r.changed_by = by;
}

export function make(register, fields, by, time = Date.now(), more = {}) {
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

export function get(register, id) {
  const r = recs.get(Number(id));
  if (!r || r.register !== register) throw no(`${register} ${id}`);
  return r;
}

export function own(r, version) {
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

export const need = (who, right) => {
  if (!rightsOf(who).includes(right)) throw denied('您的角色没有这项权限');
};

let tellAll = () => {};
/** Where changes are told: the stream of the fixture. */
export const listen = (tell) => {
  tellAll = tell;
};
export function told(r, change, by, more = {}) {
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

export function setFields(r, fields, by, more) {
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
