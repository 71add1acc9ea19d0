// SPDX-License-Identifier: Apache-2.0
/** All response cards with cause and measure: the book of alarm handling. `#/cards/12` opens one. */
import './cards.css';
import { useEffect, useState } from 'preact/hooks';
import { api } from '../../api/client';
import type { Card } from '../../api/model';
import { site } from '../../api/site';
import { live } from '../../api/world';
import { span, stamp } from '../../app/format';
import { pick } from '../../app/i18n';
import { route, setQuery } from '../../app/router';
import { type Column, Table } from '../../ui/Table';
import { Tabs } from '../../ui/Tabs';
import { toastError } from '../../ui/Toast';
import { openCardId } from './state';
import { t } from './texts';

function pointText(c: Card): string {
  const p = site.value.pointById.get(c.point);
  return `${site.value.pointName(c.point)} ${p ? site.value.placeName(p.place) : ''}`;
}

function alarmText(c: Card): string {
  return pick(site.value.rules.get(c.rule)?.title) || c.rule;
}

function columns(): Column<Card>[] {
  const now = live.now.value;
  return [
    {
      id: 'id',
      title: t('col.id'),
      width: '8.2rem',
      cell: (c) => `#${c.id}`,
      sort: (a, b) => a.id - b.id,
    },
    { id: 'alarm', title: t('col.alarm'), width: '14rem', cell: alarmText },
    { id: 'point', title: t('col.point'), cell: pointText },
    {
      id: 'opened',
      title: t('col.opened'),
      width: '9rem',
      cell: (c) => (c.opened ? stamp(c.opened) : ''),
      sort: (a, b) => (a.opened ?? 0) - (b.opened ?? 0),
    },
    { id: 'state', title: t('col.state'), width: '7rem', cell: (c) => t(c.state) },
    {
      id: 'follow',
      title: t('col.follow'),
      width: '8rem',
      cell: (c) => {
        if (c.state === 'closed' || !c.next_followup) return '';
        const left = c.next_followup - now;
        return left < 0 ? (
          <b>{t('follow.late', { span: span(-left) })}</b>
        ) : (
          t('follow.left', { span: span(left) })
        );
      },
    },
    { id: 'cause', title: t('col.cause'), width: '13rem', cell: (c) => c.cause ?? '' },
  ];
}

export default function CardsScreen() {
  const { parts, query } = route.value;
  const state = query.state ?? 'open';
  const [items, setItems] = useState<Card[]>([]);
  const [round, setRound] = useState(0);
  // read anew when a round starts
  useEffect(() => {
    let gone = false;
    api.all<Card>('/cards', { limit: 500 }, 2000).then((x) => !gone && setItems(x), toastError);
    return () => {
      gone = true;
    };
  }, [round]);
  useEffect(() => live.on('card', () => setRound((n) => n + 1)), []);
  useEffect(() => {
    const id = Number(parts[1]);
    if (id) openCardId.value = id;
  }, [parts[1]]);
  const rows = items.filter((c) => state === 'all' || c.state === state);
  const n = (s: string) => items.filter((c) => c.state === s).length;
  return (
    <div class="cards">
      <h1 class="sr">{t('title')}</h1>
      <Tabs
        label={t('state')}
        current={state}
        onChange={(id) => setQuery({ state: id })}
        tabs={[
          { id: 'open', title: `${t('open')} ${n('open')}` },
          { id: 'closed', title: `${t('closed')} ${n('closed')}` },
          { id: 'all', title: t('all') },
        ]}
      />
      <Table
        label={t('title')}
        columns={columns()}
        rows={rows}
        rowKey={(c) => c.id}
        selected={new Set(openCardId.value === null ? [] : [openCardId.value])}
        onSelect={(_, lead) => (openCardId.value = lead.id)}
        onOpen={(c) => (openCardId.value = c.id)}
        empty={t('none')}
      />
    </div>
  );
}
