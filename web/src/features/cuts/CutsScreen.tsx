// SPDX-License-Identifier: Apache-2.0
import { useState } from 'preact/hooks';
import { site } from '../../api/site';
import { live, world } from '../../api/world';
import { decimalsOf, fullStamp, num, stamp, unitSign } from '../../app/format';
import { pick } from '../../app/i18n';
import { route, setQuery } from '../../app/router';
import { saveCsv } from '../../records/csv';
import { RefreshButton, SpanFields, Waiting } from '../../records/Parts';
import { useHeard, useRead } from '../../records/use';
import { CheckField } from '../../ui/Field';
import { type Column, Table } from '../../ui/Table';
import { type Cause, type Cut, counts, isOpen, proof } from './book';
import { t } from './texts';
import { title } from './title';

const DAY = 86_400_000;

function ruleTitle(id: string): string {
  return pick(site.value.rules.get(id)?.title) || id;
}

function causeText(by: Cause): string {
  const p = site.value.pointById.get(by.point);
  const value =
    by.value === null || p?.kind !== 'analog'
      ? ''
      : ` ${num(by.value, decimalsOf(p.resolution))} ${unitSign(by.unit)}`;
  return `${ruleTitle(by.rule)} · ${site.value.pointName(by.point)}${value}`;
}

function causes(c: Cut): string {
  if (c.causes.length === 0) return t('person', { by: c.opened_by ?? '', reason: c.reason ?? '' });
  const rest = c.causes.length - 1 + c.more;
  return causeText(c.causes[0]!) + (rest > 0 ? `；${t('more', { n: rest })}` : '');
}

const by = (c: Cut) =>
  c.back && !c.back_by ? t('at.place') : [c.back_by, c.back_second].filter(Boolean).join(' + ');

const moment = (at: number | null) => (at ? stamp(at) : '–');

function Dead({ c }: { c: Cut }) {
  const p = proof(c);
  if (p === 'anomaly') return <b class="mark">{t('anomaly')}</b>;
  if (p === 'none') return <b>{t('no.feed')}</b>;
  return (
    <>
      {stamp(c.dead!)}{' '}
      <span class="hint">{t('after', { s: num((c.dead! - c.at) / 1000, 1) })}</span>
    </>
  );
}

const columns = (): Column<Cut>[] => [
  {
    id: 'at',
    title: t('col.at'),
    width: '9rem',
    cell: (c) => stamp(c.at),
    sort: (a, b) => a.at - b.at,
  },
  {
    id: 'output',
    title: t('col.output'),
    width: '12rem',
    cell: (c) => (
      <a href={`#/point/${encodeURIComponent(c.output)}`}>{site.value.pointName(c.output)}</a>
    ),
  },
  {
    id: 'cause',
    title: t('col.cause'),
    cell: (c) => <span title={c.causes.map(causeText).join('\n')}>{causes(c)}</span>,
  },
  { id: 'dead', title: t('col.dead'), width: '13rem', cell: (c) => <Dead c={c} /> },
  { id: 'unlatched', title: t('col.unlatched'), width: '8.5rem', cell: (c) => moment(c.unlatched) },
  { id: 'back', title: t('col.back'), width: '8.5rem', cell: (c) => moment(c.back) },
  {
    id: 'by',
    title: t('col.by'),
    width: '7.5rem',
    cell: (c) => (
      <span title={c.refusal ?? c.back_reason ?? ''}>
        {by(c)} {c.refused > 0 && <span class="hint">{t('refused', { n: c.refused })}</span>}
      </span>
    ),
  },
  {
    id: 'state',
    title: t('col.state'),
    width: '10.5rem',
    cell: (c) => (isOpen(c) ? <b>{t(`state.${c.state}`)}</b> : t(`state.${c.state}`)),
  },
];

function save(list: readonly Cut[]): void {
  const cols = [
    'at',
    'output',
    'place',
    'cause',
    'sent',
    'dead',
    'unlatched',
    'back',
    'by',
  ] as const;
  const time = (at: number | null) => (at ? fullStamp(at) : '');
  saveCsv(
    'cuts',
    [...cols.map((k) => t(`col.${k}`)), t('col.refused'), t('col.state')],
    list.map((c) => [
      time(c.at),
      c.output,
      site.value.placeName(site.value.pointById.get(c.output)?.place),
      c.causes.length ? c.causes.map(causeText).join('；') : causes(c),
      time(c.sent),
      c.anomaly && !c.dead ? t('anomaly') : time(c.dead),
      time(c.unlatched),
      time(c.back),
      by(c),
      c.refused,
      t(`state.${c.state}`),
    ]),
  );
}

export default function CutsScreen() {
  const q = route.value.query;
  const [now, setNow] = useState(() => world.peek().now.peek());
  const to = q.to ? Number(q.to) : now + 1000;
  const from = q.from ? Number(q.from) : to - 7 * DAY;
  const read = useRead<{ items: Cut[] }>('/cuts', { from: Math.round(from), to: Math.round(to) });
  useHeard(['latch', 'command'], () => {
    if (!route.peek().query.to) setNow(live.now.peek());
  });
  const only = !!q.open;
  const all = read.data?.items ?? [];
  const n = counts(all);
  return (
    <div class="desk">
      <div class="desk-head">
        <h1>{title()}</h1>
        <span class="hint grow">{t('intro')}</span>
      </div>
      <div class="desk-bar">
        <SpanFields
          from={from}
          to={to}
          now={now}
          hours={[24, 168, 720]}
          onChange={(a, b) => setQuery({ from: String(a), to: String(b) })}
        />
        <CheckField
          label={t('only.open')}
          checked={only}
          onChange={(on) => setQuery({ open: on ? '1' : null })}
        />
        <b role="status">{t('count', n)}</b>
        <span class="grow" />
        <RefreshButton read={read} />
        <button type="button" class="btn" onClick={() => save(only ? all.filter(isOpen) : all)}>
          {t('csv')}
        </button>
      </div>
      <div class="desk-body fill">
        {read.data ? (
          <Table
            label={title()}
            columns={columns()}
            rows={only ? all.filter(isOpen) : all}
            rowKey={(c) => `${c.output} ${c.at}`}
            empty={t('none')}
          />
        ) : (
          <Waiting read={read} />
        )}
      </div>
    </div>
  );
}
