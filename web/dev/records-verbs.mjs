// SPDX-License-Identifier: Apache-2.0
// What may be asked of the fixture's record room.
import { bookVerbs } from './records-books.mjs';
import { move } from './records-flow.mjs';
import { INDICATORS } from './records-model.mjs';
import {
  bodies,
  changedDays,
  checked,
  denied,
  invalid,
  make,
  need,
  no,
  own,
  put,
  regs,
  setFields,
  told,
  touch,
  word,
} from './records-store.mjs';

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
        if (a.transition)
          move({ ...x, transition: a.transition, note: a.note, to: a.to, fields: a.fields }, who);
        else {
          const r = own(x.record, x.version);
          setFields(r, a.fields, who, {});
          touch(r, who);
          told(r, 'set', who);
        }
        out.done++;
      } catch (e) {
        out.refused.push({ record: x.record, code: e.code, text: e.message, text_zh: e.text_zh });
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
  ...bookVerbs,
};
