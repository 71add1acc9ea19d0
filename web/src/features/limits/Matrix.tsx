// SPDX-License-Identifier: Apache-2.0
/** One row a point, one column a limit: what is in force, what the pack gives, where it comes from. */
import { useMemo } from 'preact/hooks';
import type { LimitName, LimitRow, Proposal } from '../../api/records';
import { can } from '../../api/session';
import { site } from '../../api/site';
import { canAct } from '../../api/world';
import { decimalsOf, num, stamp, unitSign } from '../../app/format';
import { lang, nameOf } from '../../app/i18n';
import { go, route, setQuery } from '../../app/router';
import { useAsk } from '../../records/Ask';
import { saveCsv } from '../../records/csv';
import { propose } from '../../records/decisions';
import { limitName, SourceText, Waiting } from '../../records/Parts';
import type { Reading } from '../../records/use';
import { CheckField, SelectField } from '../../ui/Field';
import { type Column, Table } from '../../ui/Table';
import { names, type Shown, shown } from './rows';
import { t } from './texts';
import { title } from './title';

function Value({ s, name }: { s: Shown; name: LimitName }) {
  const f = s.force.find((x) => x.name === name);
  if (!f) return <span class="hint">·</span>;
  const p = site.value.pointById.get(s.row.point);
  const d = decimalsOf(p?.resolution ?? 0.01);
  const c = f.change;
  const bound = f.clause !== undefined && f.clause !== f.value && (
    <span class="hint"> {t('clause', { value: num(f.clause, d) })}</span>
  );
  if (!c)
    return (
      <span>
        {num(f.value, d)}
        {bound}
      </span>
    );
  const why = t('changed', { by: c.by, second: c.second, at: stamp(c.at), reason: c.reason });
  return (
    <span title={why}>
      <b>{num(f.value, d)}</b> <s class="hint">{num(f.pack, d)}</s>
      {bound}
    </span>
  );
}

function changeText(s: Shown): string {
  const c = s.force.find((f) => f.change)?.change;
  return c ? t('changed', { by: c.by, second: c.second, at: stamp(c.at), reason: c.reason }) : '';
}

function saveMatrix(rows: readonly Shown[], cols: readonly LimitName[]): void {
  const head = [
    t('col.point'),
    '',
    t('col.place'),
    t('col.unit'),
    ...cols.flatMap((n) => [
      limitName(n),
      `${limitName(n)} · ${t('pack', { value: '' })}`,
      `${limitName(n)} · ${t('clause', { value: '' })}`,
    ]),
    t('col.source'),
    t('col.changed'),
  ];
  saveCsv(
    'limits',
    head,
    rows.map((s) => [
      s.row.point,
      nameOf(s.row),
      site.value.placeName(s.row.place),
      s.row.unit,
      ...cols.flatMap((n) => {
        const f = s.force.find((x) => x.name === n);
        return [f?.value, f?.pack, f?.clause];
      }),
      [
        s.row.source.standard,
        s.row.source.edition,
        s.row.source.clause,
        s.unverified ? '未核实 / unverified' : '',
      ].join(' '),
      changeText(s),
    ]),
  );
}

export function Matrix({
  read,
  open,
}: {
  read: Reading<{ items: LimitRow[] }>;
  open: readonly Proposal[];
}) {
  const q = route.value.query;
  const [ask, dialog] = useAsk();
  const all = useMemo(() => shown(read.data?.items ?? []), [read.data]);
  const groups = [...new Set(all.map((s) => s.row.group))];
  const word = (q.q ?? '').toLowerCase();
  const rows = all.filter(
    (s) =>
      (!q.group || s.row.group === q.group) &&
      (!q.changed || s.changed) &&
      (!q.unverified || s.unverified) &&
      (!word || `${s.row.point} ${s.row.name} ${s.row.name_en ?? ''}`.toLowerCase().includes(word)),
  );
  const cols = names(rows);
  const waiting = (s: Shown) => open.some((p) => p.point === s.row.point);
  const columns: Column<Shown>[] = [
    {
      id: 'point',
      title: t('col.point'),
      cell: (s) => (
        <a href={`#/point/${encodeURIComponent(s.row.point)}`} title={s.row.point}>
          {nameOf(s.row)}
        </a>
      ),
      sort: (a, b) => nameOf(a.row).localeCompare(nameOf(b.row)),
    },
    {
      id: 'place',
      title: t('col.place'),
      width: lang.value === 'en' ? '7rem' : '9rem',
      cell: (s) => <span class="hint">{site.value.placeName(s.row.place)}</span>,
    },
    { id: 'unit', title: t('col.unit'), width: '4.9rem', cell: (s) => unitSign(s.row.unit ?? '') },
    ...cols.map((name) => ({
      id: name,
      title: limitName(name),
      width: lang.value === 'en' ? '6.6rem' : '5.9rem',
      num: true,
      cell: (s: Shown) => <Value s={s} name={name} />,
    })),
    {
      id: 'source',
      title: t('col.source'),
      width: '10.5rem',
      cell: (s) => <SourceText source={s.row.source} />,
    },
    {
      id: 'act',
      title: t('col.act'),
      width: '5.4rem',
      cell: (s) => {
        const p = site.value.pointById.get(s.row.point);
        if (!p || !can('limit.propose')) return waiting(s) ? t('pending') : '';
        return (
          <button
            type="button"
            class="btn plain tiny-btn"
            disabled={!canAct.value}
            aria-label={t('propose.of', { name: nameOf(s.row) })}
            onClick={() => ask(propose(p, s.force))}
          >
            {t('propose')}
            {waiting(s) && ` (${t('pending')})`}
          </button>
        );
      },
    },
  ];
  return (
    <>
      <div class="desk-bar">
        <SelectField
          bare
          label={t('group')}
          value={q.group ?? ''}
          options={[
            { id: '', title: t('group.all') },
            ...groups.map((g) => ({ id: g, title: site.value.groupTitle(g) })),
          ]}
          onChange={(group) => setQuery({ group })}
        />
        <input
          class="input"
          type="search"
          aria-label={t('filter')}
          placeholder={t('filter')}
          value={q.q ?? ''}
          onInput={(e) => setQuery({ q: e.currentTarget.value })}
        />
        <CheckField
          label={t('only.changed')}
          checked={!!q.changed}
          onChange={(on) => setQuery({ changed: on ? '1' : null })}
        />
        <CheckField
          label={t('only.unverified')}
          checked={!!q.unverified}
          onChange={(on) => setQuery({ unverified: on ? '1' : null })}
        />
        <span class="grow hint ellipsis">
          {t('count', {
            n: rows.length,
            c: rows.filter((s) => s.changed).length,
            u: rows.filter((s) => s.unverified).length,
          })}
        </span>
        <button type="button" class="btn" onClick={() => saveMatrix(rows, cols)}>
          {t('csv')}
        </button>
      </div>
      <div class="desk-body fill">
        {read.data ? (
          <Table
            label={title()}
            columns={columns}
            rows={rows}
            rowKey={(s) => s.row.point}
            empty={t('empty')}
            onOpen={(s) => go(['point', s.row.point])}
          />
        ) : (
          <Waiting read={read} />
        )}
      </div>
      {dialog}
    </>
  );
}
