// SPDX-License-Identifier: Apache-2.0
import './people.css';
import { useEffect, useState } from 'preact/hooks';
import { can } from '../../api/session';
import { site } from '../../api/site';
import { canAct, replaying, world } from '../../api/world';
import { age, hms, span } from '../../app/format';
import { lang, pick } from '../../app/i18n';
import { type AskSpec, useAsk } from '../../records/Ask';
import { useHeard } from '../../records/use';
import { TextField } from '../../ui/Field';
import { type Column, Table } from '../../ui/Table';
import { EvacuationBlock } from './Evacuation';
import {
  difference,
  heardAt,
  inOrder,
  old,
  type People,
  type Person,
  people,
  personName,
  placeName,
  readNames,
  watchPeople,
} from './state';
import { t } from './texts';
import { Vehicles } from './Vehicles';

function shiftName(id: string): string {
  const s = (site.value.site.shifts ?? []).find((x) => x.id === id);
  return s ? pick(s.name) : id;
}

/** Says who somebody is, not that something is wrong. */
const ORDINARY = new Set(['leaders', 'special']);

function stateWords(p: Person): string {
  return p.is.map((i) => t(`is.${i}` as Parameters<typeof t>[0])).join(' · ');
}

function Head({ p }: { p: People }) {
  const d = difference(p);
  return (
    <section class="card people-head" aria-label={t('below')}>
      <p class="people-count">
        <b>{p.count}</b> {t('below')}
      </p>
      <p>
        {t('gate')}{' '}
        {d === null ? (
          <span class="hint">–</span>
        ) : (
          <b>
            {(p.entered ?? 0) - (p.gone ?? 0)} · {d === 0 ? t('same') : t('difference', { n: d })}
          </b>
        )}
      </p>
      <p>
        {p.sos > 0 && <b class="people-mark">! {t('sos', { n: p.sos })}</b>}{' '}
        {[
          t('lost', { n: p.lost }),
          t('over', { n: p.over_time }),
          t('leaders', { n: p.leaders }),
        ].join(' · ')}
      </p>
      {p.lifted ? (
        <p role="status">
          <b>{t(`lifted.${p.lifted}` as 'lifted.sos')}</b>
        </p>
      ) : (
        !p.sees && <p class="hint">{t('counts.only')}</p>
      )}
    </section>
  );
}

function Counts({ p }: { p: People }) {
  return (
    <div class="people-counts">
      <section class="card">
        <h2>{t('areas')}</h2>
        <table class="wide-table">
          <thead>
            <tr>
              <th scope="col">{t('col.area')}</th>
              <th scope="col">{t('col.kind')}</th>
              <th scope="col" class="num">
                {t('col.count')}
              </th>
              <th scope="col" class="num">
                {t('col.max')}
              </th>
            </tr>
          </thead>
          <tbody>
            {p.areas.map((a) => (
              <tr key={a.place} class={a.max > 0 && a.count > a.max ? 'people-over' : ''}>
                <td>{placeName(a.place)}</td>
                <td>{t(`kind.${a.kind}`)}</td>
                <td class="num">
                  <b>
                    {a.count}
                    {a.max > 0 && a.count > a.max ? ' !' : ''}
                  </b>
                </td>
                <td class="num">{a.max || ''}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <section class="card">
        <h2>{t('shifts')}</h2>
        <table class="wide-table">
          <thead>
            <tr>
              <th scope="col">{t('col.shift')}</th>
              <th scope="col" class="num">
                {t('col.count')}
              </th>
            </tr>
          </thead>
          <tbody>
            {p.shifts.map((s) => (
              <tr key={s.shift}>
                <td>{shiftName(s.shift)}</td>
                <td class="num">
                  <b>{s.count}</b>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </div>
  );
}

function Acts({ p, ask }: { p: Person; ask: (s: AskSpec) => void }) {
  const may = can('person.manage') && canAct.value;
  const act = (verb: 'person.calm' | 'person.out', title: string) =>
    ask({
      title: `${title} · ${p.card}`,
      verb,
      fields: [{ name: 'reason', label: t('reason') }],
      args: (v) => ({ card: p.card, reason: v.reason }),
    });
  return (
    <>
      {p.sos && (
        <button
          type="button"
          class="btn"
          disabled={!may}
          onClick={() => act('person.calm', t('calm'))}
        >
          {t('calm')}
        </button>
      )}
      {p.is.includes('lost') && (
        <button
          type="button"
          class="btn plain"
          disabled={!may}
          onClick={() => act('person.out', t('out'))}
        >
          {t('out')}
        </button>
      )}
    </>
  );
}

function columns(ask: (s: AskSpec) => void, now: number): Column<Person>[] {
  return [
    { id: 'card', title: t('col.card'), width: '5.5rem', cell: (p) => p.card },
    { id: 'person', title: t('col.person'), width: '7rem', cell: (p) => p.person ?? '' },
    { id: 'name', title: t('col.name'), width: '6rem', cell: personName },
    { id: 'trade', title: t('col.trade'), width: '8.5rem', cell: (p) => p.trade ?? '' },
    { id: 'team', title: t('col.team'), width: '7rem', cell: (p) => p.team ?? '' },
    { id: 'place', title: t('col.place'), cell: (p) => placeName(p.place) },
    {
      id: 'error',
      title: t('col.error'),
      width: '5.5rem',
      num: true,
      cell: (p) => (p.error_m === undefined ? '' : `±${Math.round(p.error_m)}`),
    },
    {
      id: 'heard',
      title: t('col.heard'),
      width: '9rem',
      cell: (p) => `${hms(p.heard)} (${age(now - p.heard)})`,
    },
    {
      id: 'in',
      title: t('col.in'),
      width: '6.5rem',
      num: true,
      cell: (p) => (p.in ? span(now - p.in) : ''),
      sort: (a, b) => b.in - a.in,
    },
    {
      id: 'state',
      title: t('col.state'),
      width: '16rem',
      cell: (p) => (
        <>
          {p.is.some((i) => !ORDINARY.has(i)) ? <b>{stateWords(p)}</b> : stateWords(p)}{' '}
          <Acts p={p} ask={ask} />
        </>
      ),
    },
  ];
}

function List({ p }: { p: People }) {
  const [find, setFind] = useState('');
  const [ask, dialog] = useAsk();
  const rows = inOrder(p.items).filter((x) =>
    [x.card, x.person, personName(x), x.trade, x.team, placeName(x.place)].some((v) =>
      v?.includes(find),
    ),
  );
  return (
    <section class="card people-list">
      <div class="row wrap">
        <h2 class="grow">
          {t('list')} {rows.length}
        </h2>
        <TextField label={t('find')} value={find} onInput={(v: string) => setFind(v)} />
      </div>
      <Table
        label={t('list')}
        columns={columns(ask, p.at || world.value.now.value)}
        rows={rows}
        rowKey={(x) => x.card}
      />
      {dialog}
    </section>
  );
}

export default function PeopleScreen() {
  useEffect(() => watchPeople(), []);
  lang.value;
  const p = people.value;
  useEffect(() => void (p?.sees && readNames()), [p?.sees]);
  useHeard(['record'], (o) => o.register === 'below_person' && p?.sees && void readNames());
  const before = replaying.value && p?.at === 0; // the replay begins before any was recorded
  if (!p || before) {
    return (
      <div class="page">
        <h1>{t('title')}</h1>
        <p class="hint">{t(before ? 'past.none' : 'none')}</p>
      </div>
    );
  }
  return (
    <div class="page people">
      <h1>{replaying.value ? `${t('title')} · ${t('past', { at: hms(p.at) })}` : t('title')}</h1>
      {old.value && !replaying.value && (
        <p class="error" role="alert">
          {t('old', { at: hms(heardAt.value) })}
        </p>
      )}
      <EvacuationBlock p={p} />
      <Head p={p} />
      <Counts p={p} />
      {p.items.length > 0 && <List p={p} />}
      {(p.vehicles ?? []).length > 0 && <Vehicles p={p} />}
    </div>
  );
}
