// SPDX-License-Identifier: Apache-2.0
// The fixture's workflow: what a case may do next, and doing it.
import { calendarOf, dayOf, rightsOf, WORKFLOW } from './records-model.mjs';
import {
  changedDays,
  fieldOf,
  invalid,
  own,
  Refused,
  recs,
  regs,
  setFields,
  told,
  touch,
  word,
} from './records-store.mjs';

const DAY = 86_400_000;

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

export function transitions(r, who) {
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

function workdays(from, n) {
  let day = dayOf(from);
  for (let left = n; left > 0; ) {
    day = dayOf(Date.parse(`${day}T04:00:00Z`) + DAY);
    if (calendarOf(Number(day.slice(0, 4)), changedDays).find((d) => d.day === day).working) left--;
  }
  return Date.parse(`${day}T16:00:00Z`);
}

export function move(args, who) {
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

/** What may be done with these records at once, as the program answers it. */
export function manyMoves(ids, who) {
  const rows = ids.map((id) => recs.get(id)).filter(Boolean);
  const begins = WORKFLOW.transitions.filter((tr) => rows.some((r) => tr.from.includes(r.state)));
  return {
    records: rows.length,
    missing: ids.length - rows.length,
    transitions: begins.map((tr) => {
      const why = new Map();
      let n = 0;
      for (const r of rows) {
        const short = Object.entries(tr.evidence ?? {}).some(
          ([f, k]) => r.attachments.filter((a) => a.field === f && a.time >= r.since).length < k,
        );
        const no = may(tr, r, who) || (short ? '进入本状态以来的附件不足' : '');
        if (no) why.set(no, (why.get(no) ?? 0) + 1);
        else n++;
      }
      return {
        id: tr.id,
        title: tr.title,
        to: tr.to,
        may: n,
        refused: [...why].map(([zh, k]) => ({ records: k, why: { zh, en: zh } })),
        needs: tr.needs ?? [],
        note: tr.note ?? 'optional',
        owner: tr.owner ?? 'keep',
        sign: tr.sign ?? 1,
      };
    }),
  };
}
