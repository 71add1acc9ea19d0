// SPDX-License-Identifier: Apache-2.0
/** One mine, read from the node that has it: values, open alarms, reports, and what is asked of it. */
import { useState } from 'preact/hooks';
import { api, requestKey } from '../../api/client';
import type { LiveTuple, PointInfo } from '../../api/model';
import { gradeOf, type Reading } from '../../api/points';
import { room } from '../../api/room';
import { can } from '../../api/session';
import { site } from '../../api/site';
import { age, num, stamp, unitSign } from '../../app/format';
import { nameOf, pick } from '../../app/i18n';
import { errorText, toast, toastError } from '../../ui/Toast';
import { QualityMark, valueText } from '../../ui/Value';
import { MineState, note } from './MinesScreen';
import { useEvery } from './read';
import { type EventRow, type MineRow, sentOf } from './state';
import { t } from './texts';
import zh from './zh.json';

const VALUES_MS = 2000;
const LISTS_MS = 5000;

interface Order {
  id: number;
  fields: { no: string; title: string; due?: string | null };
}

function word(prefix: 'change' | 'answer', id: string): string {
  const key = `${prefix}.${id}`;
  return key in zh ? t(key as keyof typeof zh) : id;
}

function Values({ m, now }: { m: MineRow; now: number }) {
  const points = site.value.points.filter((p) => p.link === m.id);
  const [values, set] = useState<ReadonlyMap<number, Reading>>(new Map());
  const [error, setError] = useState('');
  useEvery(
    async () => {
      if (points.length === 0) return;
      try {
        const got = await api.getAt<LiveTuple[]>(m.id, '/live', {
          points: points.map((p) => p.id),
        });
        set(new Map(got.map(([i, v, q, time]) => [i, { v, q, t: time }])));
        setError('');
      } catch (e) {
        setError(errorText(e));
      }
    },
    VALUES_MS,
    `${m.id} ${points.length}`,
  );
  if (points.length === 0) return <p class="hint">{t('values.none')}</p>;
  return (
    <>
      {error && (
        <p class="error" role="alert">
          {error}
        </p>
      )}
      <table class="wide-table">
        <thead>
          <tr>
            <th scope="col">{t('col.point.name')}</th>
            <th scope="col" class="num">
              {t('col.value')}
            </th>
            <th scope="col">{t('col.time')}</th>
          </tr>
        </thead>
        <tbody>
          {points.map((p) => (
            <ValueRow key={p.id} p={p} r={values.get(p.i)} now={now} lost={error !== ''} />
          ))}
        </tbody>
      </table>
    </>
  );
}

function ValueRow({ p, r, now, lost }: { p: PointInfo; r?: Reading; now: number; lost: boolean }) {
  const q = r?.q ?? 'never';
  return (
    <tr>
      <th scope="row">{nameOf(p)}</th>
      <td class="num">
        <span class={`value ${lost ? 'bad' : gradeOf(q)}`}>
          <span class="v">{r ? valueText(p, r) : '–'}</span>
          {lost && '?'}
          {site.value.unitOf(p) && <span class="unit">{site.value.unitOf(p)}</span>}{' '}
          <QualityMark q={q} />
        </span>
      </td>
      <td>{r && r.t > 0 ? t('ago', { age: age(Math.max(0, now - r.t)) }) : '–'}</td>
    </tr>
  );
}

function Events({ list, none }: { list: readonly EventRow[]; none: string }) {
  if (list.length === 0) return <p class="hint">{none}</p>;
  return (
    <table class="wide-table">
      <thead>
        <tr>
          {(['time', 'rule', 'point', 'sent', 'change'] as const).map((k) => (
            <th key={k} scope="col" class={k === 'sent' ? 'num' : ''}>
              {t(`col.${k}`)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {list.map((e) => (
          <tr key={`${e.fields.seq} ${e.fields.subject} ${e.fields.point}`}>
            <td>{stamp(e.fields.at)}</td>
            <td>{ruleName(e)}</td>
            <td>{pointName(e.fields.mine, e.fields.point)}</td>
            <td class="num">{sentValue(e)}</td>
            <td>
              {e.fields.type === 'alarm'
                ? word('change', e.fields.change)
                : word('answer', e.fields.state)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The mine sends the words of its rule with it. */
function ruleName(e: EventRow): string {
  const id = e.fields.subject;
  if (id === 'county_request') return t('order.title');
  return pick(sentOf(e).title) || pick(site.value.rules.get(id)?.title) || id;
}

function sentValue(e: EventRow): string {
  const { value, unit } = sentOf(e);
  return typeof value === 'number' ? `${num(value, 2)} ${unitSign(unit ?? '')}` : '';
}

function pointName(mine: string, address: string): string {
  const p = site.value.points.find((x) => x.link === mine && (x.address || x.id) === address);
  return p ? nameOf(p) : address;
}

interface Lists {
  events: EventRow[];
  orders: Order[];
}

function useLists(mine: string): [Lists | null, () => void] {
  const [lists, set] = useState<Lists | null>(null);
  const [round, again] = useState(0);
  const has = (id: string) => room.value.registers.some((r) => r.id === id);
  useEvery(
    async () => {
      const filter = JSON.stringify([['mine', '=', mine]]);
      const page = <V,>(register: string, sort: string) =>
        has(register)
          ? api
              .getAt<{ items: V[] }>(mine, `/records/${register}`, { filter, sort, limit: 50 })
              .then((x) => x.items)
          : Promise.resolve([] as V[]);
      const [events, orders] = await Promise.all([
        page<EventRow>('mine_event', '-seq'),
        page<Order>('county_order', '-no'),
      ]).catch(() => [null, null]);
      if (events && orders) set({ events, orders });
    },
    LISTS_MS,
    `${mine} ${round} ${has('mine_event')} ${has('county_order')}`,
  );
  return [lists, () => again((n) => n + 1)];
}

/** The newest that the mine said of a request: its case there bears the request's number, of a
 *  divided region with the node that gave it. */
function answerOf(o: Order, m: MineRow, events: readonly EventRow[]): string {
  const numbers = [o.fields.no, `${o.fields.no}/${m.node}`];
  const e = events.find(
    (x) => x.fields.subject === 'county_request' && numbers.includes(x.fields.point),
  );
  return e ? t('answer', { state: word('answer', e.fields.state) }) : t('answer.none');
}

function NewOrder({ mine, sent }: { mine: string; sent: () => void }) {
  const [title, setTitle] = useState('');
  const [busy, setBusy] = useState(false);
  const send = async () => {
    setBusy(true);
    try {
      const args = { register: 'county_order', fields: { mine, title } };
      const body = { verb: 'record.create', args, key: requestKey(), console: '' };
      await api.postAt(mine, '/requests', body);
      setTitle('');
      toast(t('order.sent'));
      sent();
    } catch (e) {
      toastError(e);
    }
    setBusy(false);
  };
  return (
    <form
      class="mn-order"
      onSubmit={(e) => {
        e.preventDefault();
        void send();
      }}
    >
      <label>
        {t('order.title')}
        <input
          class="input"
          value={title}
          maxLength={200}
          required
          onInput={(e) => setTitle(e.currentTarget.value)}
        />
      </label>
      <button type="submit" class="btn" disabled={busy || !title.trim()}>
        {t('order.send')}
      </button>
      <p class="hint">{t('order.hint')}</p>
    </form>
  );
}

function Orders({ m, lists, again }: { m: MineRow; lists: Lists; again: () => void }) {
  return (
    <>
      {lists.orders.length === 0 ? (
        <p class="hint">{t('orders.none')}</p>
      ) : (
        <table class="wide-table">
          <tbody>
            {lists.orders.map((o) => (
              <tr key={o.id}>
                <th scope="row">{o.fields.no}</th>
                <td>{o.fields.title}</td>
                <td>{o.fields.due ?? ''}</td>
                <td>{answerOf(o, m, lists.events)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {can('county_order.write') && <NewOrder mine={m.id} sent={again} />}
    </>
  );
}

export function MinePage({ m, now }: { m: MineRow; now: number }) {
  const [lists, again] = useLists(m.id);
  return (
    <>
      <p class="mn-sum">
        <MineState m={m} /> {m.link?.since ? stamp(m.link.since) : ''} {note(m)}
        {m.node && !m.here && (
          <>
            {' · '}
            {t('at', { node: m.node })}{' '}
            {m.url.startsWith('http') && <a href={`${m.url}/#/mines/${m.id}`}>{t('open')}</a>}
          </>
        )}
      </p>
      <div class="mn-blocks">
        <section aria-label={t('values')}>
          <h2>{t('values')}</h2>
          <Values m={m} now={now} />
        </section>
        <section aria-label={t('alarms')}>
          <h2>{t('alarms')}</h2>
          {m.alarms === null ? (
            <p class="hint">{t('alarms.no')}</p>
          ) : (
            <Events list={m.alarms} none={t('alarms.none')} />
          )}
        </section>
        {lists && room.value.registers.some((r) => r.id === 'county_order') && (
          <section aria-label={t('orders')}>
            <h2>{t('orders')}</h2>
            <Orders m={m} lists={lists} again={again} />
          </section>
        )}
        {lists && lists.events.length > 0 && (
          <section aria-label={t('events')}>
            <h2>{t('events')}</h2>
            <Events list={lists.events.slice(0, 20)} none="" />
          </section>
        )}
      </div>
    </>
  );
}
