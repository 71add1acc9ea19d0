// SPDX-License-Identifier: Apache-2.0
/** What if: fans, doors and a fire on a copy of the mine; the airflow before and after side by side. */
import '../../records/records.css';
import './vent.css';
import { useEffect, useState } from 'preact/hooks';
import { api } from '../../api/client';
import { site } from '../../api/site';
import { replaying } from '../../api/world';
import { fullStamp, num } from '../../app/format';
import { saveCsv } from '../../records/csv';
import { SourceText } from '../../records/Parts';
import { CheckField, SelectField, TextField } from '../../ui/Field';
import { type Column, Table } from '../../ui/Table';
import { errorText } from '../../ui/Toast';
import type { Airflow, AirNeed, Airway } from './state';
import { t } from './texts';
import { Contradicting, Resisting } from './Winds';
import {
  type Answer,
  type Changes,
  type FanTo,
  isAsked,
  nothing,
  type Outcome,
  question,
  type State,
  sums,
  withDoors,
  withFan,
  worthALook,
} from './whatIf';

const ASK_MS = 2000;
const nameOf = (a: { id: string; place: string | null }) =>
  a.place ? `${site.value.placeName(a.place)} · ${a.id}` : a.id;

const flow = (s: State | undefined) => (s && s.flow !== null ? num(s.flow, 1) : '–');
const minutes = (s: State | undefined, known: boolean) =>
  !known ? '?' : s?.smoke_min === undefined || s.smoke_min === null ? '–' : num(s.smoke_min, 1);

function FanRow({ a, to, set }: { a: Airway; to: FanTo; set: (to: FanTo) => void }) {
  const now = t(`fan.${a.fan ?? 'unknown'}`);
  const options: FanTo[] = ['as-is', 'run', 'stop', 'reverse'];
  return (
    <SelectField
      label={nameOf(a)}
      value={to}
      options={options.map((id) => ({
        id,
        title: id === 'as-is' ? t('as.is', { now }) : t(`to.${id}`),
      }))}
      onChange={(x) => set(x as FanTo)}
    />
  );
}

function DoorRow({
  a,
  open,
  set,
}: {
  a: Airway;
  open: number | undefined;
  set: (open: number | undefined) => void;
}) {
  const leaves = Array.from({ length: (a.doors ?? 0) + 1 }, (_, i) => i);
  const word = (n: number) =>
    n === 0 ? t('doors.shut') : t('doors.open', { n, of: a.doors ?? 0 });
  return (
    <SelectField
      label={nameOf(a)}
      value={open === undefined ? '' : String(open)}
      options={[
        { id: '', title: t('as.is', { now: word(a.doors_open ?? 0) }) },
        ...leaves.map((n) => ({ id: String(n), title: word(n) })),
      ]}
      onChange={(x) => set(x === '' ? undefined : Number(x))}
    />
  );
}

function Settings({
  list,
  c,
  set,
}: {
  list: readonly Airway[];
  c: Changes;
  set: (c: Changes) => void;
}) {
  const setDoors = (id: string, n: number | undefined) => {
    const { [id]: _, ...rest } = c.doors;
    set({ ...c, doors: n === undefined ? rest : { ...rest, [id]: n } });
  };
  return (
    <>
      <fieldset class="stack">
        <legend>{t('fans')}</legend>
        {withFan(list).map((a) => (
          <FanRow
            key={a.id}
            a={a}
            to={c.fan[a.id] ?? 'as-is'}
            set={(to) => set({ ...c, fan: { ...c.fan, [a.id]: to } })}
          />
        ))}
      </fieldset>
      <fieldset class="stack">
        <legend>{t('fire')}</legend>
        <SelectField
          label={t('fire.at')}
          value={c.fire}
          options={[
            { id: '', title: t('fire.none') },
            ...list.map((a) => ({ id: a.id, title: nameOf(a) })),
          ]}
          onChange={(fire) => set({ ...c, fire })}
        />
        <TextField
          label={t('fire.minutes')}
          type="number"
          min="1"
          max="240"
          value={String(c.minutes)}
          onInput={(v) => set({ ...c, minutes: Math.min(240, Math.max(1, Number(v) || 1)) })}
        />
        <p class="hint">{t('fire.hint')}</p>
      </fieldset>
      <fieldset class="stack">
        <legend>{t('doors')}</legend>
        {withDoors(list).map((a) => (
          <DoorRow key={a.id} a={a} open={c.doors[a.id]} set={(n) => setDoors(a.id, n)} />
        ))}
      </fieldset>
    </>
  );
}

function Need({ s }: { s: State | undefined }) {
  const need = s?.need ?? 'unknown';
  if (need === 'low') return <b>{t('need.low')}</b>;
  return <span>{need === 'ok' ? t('need.ok') : '–'}</span>;
}

function columns(fire: boolean, smokeKnown: boolean): Column<Outcome>[] {
  const smoke: Column<Outcome>[] = (['before', 'after'] as const).map((k) => ({
    id: `smoke.${k}`,
    title: t(`col.smoke.${k}`),
    width: '7.5rem',
    num: true,
    cell: (o) => minutes(o[k], smokeKnown),
    sort: (a, b) => (a[k]?.smoke_min ?? 1e9) - (b[k]?.smoke_min ?? 1e9),
  }));
  return [
    {
      id: 'name',
      title: t('col.name'),
      cell: nameOf,
      sort: (a, b) => nameOf(a).localeCompare(nameOf(b)),
    },
    {
      id: 'before',
      title: t('col.before'),
      width: '7.5rem',
      num: true,
      cell: (o) => flow(o.before),
      sort: (a, b) => Math.abs(a.before.flow ?? 0) - Math.abs(b.before.flow ?? 0),
    },
    {
      id: 'after',
      title: t('col.after'),
      width: '7.5rem',
      num: true,
      cell: (o) => flow(o.after),
      sort: (a, b) => Math.abs(a.after?.flow ?? 0) - Math.abs(b.after?.flow ?? 0),
    },
    {
      id: 'turned',
      title: t('col.turned'),
      width: '5rem',
      cell: (o) => (o.turned ? <b>⇄ {t('turned')}</b> : ''),
      sort: (a, b) => Number(a.turned ?? false) - Number(b.turned ?? false),
    },
    { id: 'need0', title: t('col.need.before'), width: '7rem', cell: (o) => <Need s={o.before} /> },
    { id: 'need1', title: t('col.need.after'), width: '7rem', cell: (o) => <Need s={o.after} /> },
    ...(fire ? smoke : []),
  ];
}

function save(a: Answer): void {
  const part = (s: State | undefined) => [s?.flow, s?.speed, s?.drop, s?.need, s?.smoke_min];
  const head = ['flow_m3_s', 'speed_m_s', 'drop_Pa', 'need', 'smoke_min'];
  saveCsv(
    'what-if',
    [
      'airway',
      'place',
      ...head.map((h) => `${h}_before`),
      ...head.map((h) => `${h}_after`),
      'turned',
    ],
    a.items.map((o) => [o.id, o.place, ...part(o.before), ...part(o.after), o.turned]),
  );
}

function Result({ a, fire }: { a: Answer; fire: boolean }) {
  const [all, setAll] = useState(false);
  const s = sums(a.items);
  const rows = all ? a.items : a.items.filter(worthALook);
  return (
    <section class="what-if-result" aria-label={t('result')}>
      <div class="stack">
        <p role="status">
          {a.state === 'failed' ? (
            <b>{t('failed', { why: a.text })}</b>
          ) : (
            <>
              {t('sum', { turned: s.turned, worse: s.worse, better: s.better })}{' '}
              {fire &&
                a.smoke === 'solved' &&
                t('sum.smoke', { before: s.smokeBefore, after: s.smokeAfter })}
              {a.smoke === 'unknown' && <b>{t('smoke.unknown', { why: a.smoke_text })}</b>}{' '}
              {a.state === 'stalled' && <b>{a.text}</b>}
            </>
          )}
        </p>
        <div class="row wrap">
          <CheckField label={t('all')} checked={all} onChange={setAll} />
          <span class="grow" />
          <span class="hint">{t('at', { at: fullStamp(a.at) })}</span>
          <button type="button" class="btn" onClick={() => save(a)}>
            CSV
          </button>
        </div>
      </div>
      <Table
        label={t('result')}
        columns={columns(fire, a.smoke === 'solved')}
        rows={rows}
        rowKey={(o) => o.id}
        empty={<p class="hint">{t('none.moved')}</p>}
      />
    </section>
  );
}

const part = (v: number | null, decimals: number) => (v === null ? '–' : num(v, decimals));

const needColumns = (): Column<AirNeed>[] => [
  { id: 'place', title: t('col.place'), cell: (n) => site.value.placeName(n.place) },
  { id: 'flow', title: t('col.flow'), width: '6rem', num: true, cell: (n) => part(n.flow, 1) },
  {
    id: 'persons',
    title: t('col.persons'),
    width: '6rem',
    num: true,
    cell: (n) => part(n.persons, 0),
  },
  {
    id: 'want',
    title: t('col.persons.need'),
    width: '11rem',
    num: true,
    cell: (n) => part(n.persons_need, 2),
  },
  {
    id: 'each',
    title: t('col.per.person'),
    width: '8rem',
    num: true,
    cell: (n) => part(n.per_person, 0),
  },
  {
    id: 'tonnes',
    title: t('col.tonnes'),
    width: '6rem',
    num: true,
    cell: (n) => part(n.tonnes, 0),
  },
  {
    id: 'tonne',
    title: t('col.per.tonne'),
    width: '8rem',
    num: true,
    cell: (n) => part(n.per_tonne, 0),
  },
  {
    id: 'need',
    title: t('col.need'),
    width: '5.5rem',
    cell: (n) =>
      n.need === 'low' ? <b>{t('need.low')}</b> : t(n.need === 'ok' ? 'need.ok' : 'need.unknown'),
  },
];

/** The air of now against the persons who are there. */
function Needs({ list }: { list: readonly AirNeed[] }) {
  return <Table label={t('needs')} columns={needColumns()} rows={list} rowKey={(n) => n.place} />;
}

export default function WhatIfScreen() {
  const [now, setNow] = useState<Airflow | null>(null);
  const [c, setC] = useState<Changes>(nothing);
  const [got, setGot] = useState<{ answer: Answer; fire: boolean } | null>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState('');
  useEffect(() => {
    const ask = () =>
      api.get<Airflow>('/vent').then(setNow, (e: unknown) => setError(errorText(e)));
    void ask();
    const timer = setInterval(() => void ask(), ASK_MS);
    return () => clearInterval(timer);
  }, []);
  const solve = async (e: Event) => {
    e.preventDefault();
    setBusy(true);
    setError('');
    try {
      setGot({ answer: await api.post<Answer>('/vent/what-if', question(c)), fire: c.fire !== '' });
    } catch (x) {
      setError(errorText(x));
    }
    setBusy(false);
  };
  const reset = () => {
    setC(nothing);
    setGot(null);
  };
  return (
    <div class="desk what-if">
      <div class="desk-head">
        <h1>{t('what-if')}</h1>
        <b class="what-if-frame">{t('frame')}</b>
      </div>
      <div class="desk-bar">
        {replaying.value ? (
          <b>{t('past', { at: now?.at ? fullStamp(now.at) : '–' })}</b>
        ) : (
          <span class="hint">{t('how')}</span>
        )}
      </div>
      <div class="desk-body what-if-body">
        <form class="stack" onSubmit={(e) => void solve(e)}>
          <div class="row what-if-do">
            <button type="submit" class="btn primary" disabled={busy || !isAsked(c)}>
              {busy ? t('solving') : t('solve')}
            </button>
            <button type="button" class="btn" onClick={reset}>
              {t('reset')}
            </button>
          </div>
          {now && <Settings list={now.items} c={c} set={setC} />}
          {error && (
            <p class="error" role="alert">
              {error}
            </p>
          )}
        </form>
        {got ? (
          <Result a={got.answer} fire={got.fire} />
        ) : (
          <section class="what-if-now" aria-label={t('needs')}>
            <div class="stack">
              <p class="hint">{t('empty')}</p>
              {now && now.needs.length > 0 && (
                <>
                  <h2>{t('needs')}</h2>
                  <p class="hint">
                    {t('needs.hint')} <SourceText source={now.needs_source} />
                  </p>
                </>
              )}
            </div>
            {now && now.needs.length > 0 && <Needs list={now.needs} />}
            {now && <Contradicting now={now} />}
            {now && <Resisting now={now} name={nameOf} />}
          </section>
        )}
      </div>
    </div>
  );
}
