// SPDX-License-Identifier: Apache-2.0
// The fixture's ledgers and indicators.
import { dayOf, LEDGERS, START } from './records-model.mjs';
import { invalid, need, Refused, recs, word } from './records-store.mjs';

const DAY = 86_400_000;
const txns = [];

export const balance = (key, until = '9999') =>
  txns
    .filter((x) => x.day <= until)
    .reduce(
      (n, x) =>
        n + x.lines.filter((l) => l.account === key).reduce((m, l) => m + Number(l.amount), 0),
      0,
    );

export function ledgerView(l) {
  return {
    ...l,
    closed_until: l.closed,
    accounts: l.accounts.map((a) => ({ ...a, account: a.key, balance: balance(a.key) })),
  };
}

export function entries(q) {
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

export function counted(i) {
  const all = [...recs.values()].filter((r) => r.register === 'hazard' && !r.ended);
  if (i.id === 'hazard_open') return all.filter((r) => !['closed', 'void'].includes(r.state));
  return all.filter((r) => r.state === 'closed' || (r.due && r.due < Date.now()));
}

export function indicator(i) {
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

export const bookVerbs = {
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

/** What stands in the books at the start. */
export function openBooks() {
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
