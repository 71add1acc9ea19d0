// SPDX-License-Identifier: Apache-2.0
import type { PointInfo } from '../../api/model';
import type { Calibration, TestRecord } from '../../api/records';
import { can, me } from '../../api/session';
import { site } from '../../api/site';
import { canAct, live } from '../../api/world';
import { decimalsOf, fullStamp, num, span, stamp } from '../../app/format';
import { nameOf } from '../../app/i18n';
import { route, setQuery } from '../../app/router';
import { type AskSpec, useAsk } from '../../records/Ask';
import { saveCsv } from '../../records/csv';
import * as decide from '../../records/decisions';
import { Waiting } from '../../records/Parts';
import { PointPicker } from '../../records/PointPicker';
import { type Reading, useHeard, useRead } from '../../records/use';
import { CheckField } from '../../ui/Field';
import { type Column, Table } from '../../ui/Table';
import { Tabs } from '../../ui/Tabs';
import { Value } from '../../ui/Value';
import { type Due, dues, isSoon } from './due';
import { t } from './texts';
import { title } from './title';

type Ask = (s: AskSpec) => void;
const isSensor = (p: PointInfo) => p.kind === 'analog';

function PointLink({ id }: { id: string }) {
  return <a href={`#/point/${encodeURIComponent(id)}`}>{site.value.pointName(id)}</a>;
}

function placeOf(id: string): string {
  return site.value.placeName(site.value.pointById.get(id)?.place);
}

const persons = (c: Calibration) => [c.by, c.second].filter(Boolean).join(' + ');

function peak(c: Calibration): string {
  const p = site.value.pointById.get(c.point);
  return c.peak === undefined || !p
    ? ''
    : `${num(c.peak, decimalsOf(p.resolution))} ${site.value.unitOf(p)}`;
}

function OpenRow({ c, ask }: { c: Calibration; ask: Ask }) {
  const p = site.value.pointById.get(c.point);
  const left = c.until ? c.until - live.now.value : 0;
  const own = c.by === me.value?.user;
  return (
    <tr>
      <td>
        <PointLink id={c.point} /> <span class="hint">{placeOf(c.point)}</span>
      </td>
      <td>{persons(c)}</td>
      <td>{c.gas}</td>
      <td>{stamp(c.opened)}</td>
      <td class="num">
        <b>{span(left)}</b>
      </td>
      <td>{c.agreed ? t('flag.yes', { at: stamp(c.agreed) }) : <b>{t('flag.no')}</b>}</td>
      <td>{p && <Value point={p} withAge />}</td>
      <td>
        {can('calibration.write') && (
          <span class="row">
            <button
              type="button"
              class="btn"
              disabled={own || !canAct.value}
              title={own ? t('second') : ''}
              onClick={() => ask(decide.extendCalibration(c))}
            >
              {t('extend')}
            </button>
            <button
              type="button"
              class="btn primary"
              disabled={!canAct.value}
              onClick={() => ask(decide.closeCalibration(c))}
            >
              {t('close')}
            </button>
          </span>
        )}
      </td>
    </tr>
  );
}

function Open({
  read,
  list,
  ask,
}: {
  read: Reading<unknown>;
  list: readonly Calibration[];
  ask: Ask;
}) {
  return (
    <>
      <div class="desk-bar">
        {can('calibration.write') && (
          <PointPicker
            label={t('start')}
            fits={isSensor}
            onPick={(p) => ask(decide.openCalibration(p))}
          />
        )}
      </div>
      <div class="desk-body">
        <Waiting read={read}>
          {list.length === 0 ? (
            <p class="hint">{t('none.open')}</p>
          ) : (
            <table class="wide-table">
              <thead>
                <tr>
                  {(['point', 'by', 'gas', 'opened', 'left', 'flag', 'value', 'act'] as const).map(
                    (k) => (
                      <th key={k} scope="col" class={k === 'left' ? 'num' : ''}>
                        {t(`col.${k}`)}
                      </th>
                    ),
                  )}
                </tr>
              </thead>
              <tbody>
                {list.map((c) => (
                  <OpenRow key={c.id} c={c} ask={ask} />
                ))}
              </tbody>
            </table>
          )}
        </Waiting>
      </div>
    </>
  );
}

const pastColumns = (): Column<Calibration>[] => [
  {
    id: 'opened',
    title: t('col.opened'),
    width: '12.2rem',
    cell: (c) => fullStamp(c.opened),
    sort: (a, b) => a.opened - b.opened,
  },
  { id: 'point', title: t('col.point'), cell: (c) => <PointLink id={c.point} /> },
  {
    id: 'place',
    title: t('col.place'),
    width: '9rem',
    cell: (c) => <span class="hint">{placeOf(c.point)}</span>,
  },
  { id: 'by', title: t('col.by'), width: '10rem', cell: persons },
  { id: 'gas', title: t('col.gas'), width: '8rem', cell: (c) => c.gas },
  {
    id: 'lasted',
    title: t('col.lasted'),
    width: '6rem',
    num: true,
    cell: (c) => (c.closed ? span(c.closed - c.opened) : ''),
  },
  { id: 'peak', title: t('col.peak'), width: '7rem', num: true, cell: peak },
  {
    id: 'result',
    title: t('col.result'),
    width: '16rem',
    cell: (c) => (c.state === 'expired' ? <b>{t('expired')}</b> : c.result),
  },
];

function Past({ read, list }: { read: Reading<unknown>; list: readonly Calibration[] }) {
  const save = () =>
    saveCsv(
      'calibrations',
      [
        t('col.point'),
        '',
        t('col.place'),
        t('col.by'),
        t('col.gas'),
        t('col.opened'),
        t('col.closed'),
        t('col.peak'),
        t('col.result'),
      ],
      list.map((c) => [
        c.point,
        site.value.pointName(c.point),
        placeOf(c.point),
        persons(c),
        c.gas,
        fullStamp(c.opened),
        c.closed ? fullStamp(c.closed) : '',
        c.peak,
        c.state === 'expired' ? t('expired') : c.result,
      ]),
    );
  return (
    <>
      <div class="desk-bar">
        <span class="grow" />
        <button type="button" class="btn" onClick={save}>
          {t('csv')}
        </button>
      </div>
      <div class="desk-body fill">
        {read.data ? (
          <Table
            label={title()}
            columns={pastColumns()}
            rows={list}
            rowKey={(c) => c.id}
            empty={t('none.past')}
          />
        ) : (
          <Waiting read={read} />
        )}
      </div>
    </>
  );
}

function DueCell({ d }: { d: Due }) {
  if (d.over) return <b class="mark">{t('overdue')}</b>;
  if (d.left === null) return <span>{t('never')}</span>;
  const n = Math.max(0, Math.ceil(d.left));
  return isSoon(d) ? (
    <b>{n === 0 ? t('duenow') : t('due', { n })}</b>
  ) : (
    <span class="hint">{t('inforce', { n })}</span>
  );
}

/** The evidence of a test: what the program itself saw, or that it saw nothing. */
function Seen({ x }: { x: TestRecord }) {
  if (!x.cut) return <b>{t('seen.none')}</b>;
  return x.dead ? (
    <span class="hint">
      {t('seen.dead', { at: stamp(x.cut), s: num((x.dead - x.cut) / 1000, 1) })}
    </span>
  ) : (
    <b>{t('seen.live', { at: stamp(x.cut) })}</b>
  );
}

const testColumns = (ask: Ask): Column<Due>[] => [
  {
    id: 'point',
    title: t('col.point'),
    cell: (d) => <a href={`#/point/${encodeURIComponent(d.p.id)}`}>{nameOf(d.p)}</a>,
  },
  {
    id: 'place',
    title: t('col.place'),
    width: '8.5rem',
    cell: (d) => <span class="hint">{site.value.placeName(d.p.place)}</span>,
  },
  { id: 'due', title: t('col.due'), width: '8rem', cell: (d) => <DueCell d={d} /> },
  {
    id: 'last',
    title: t('col.last'),
    width: '11rem',
    cell: (d) => (d.test?.last_pass ? fullStamp(d.test.last_pass) : '–'),
  },
  {
    id: 'outcome',
    title: t('col.outcome'),
    width: '11rem',
    cell: (d) =>
      d.test && (
        <>
          <b>{t(d.test.passed ? 'passed' : 'failed')}</b>{' '}
          <span class="hint">
            {stamp(d.test.at)} {d.test.by}
          </span>
        </>
      ),
  },
  {
    id: 'seen',
    title: t('col.seen'),
    width: '10rem',
    cell: (d) => d.test && <Seen x={d.test} />,
  },
  {
    id: 'note',
    title: t('col.note'),
    width: '7rem',
    cell: (d) => <span title={d.test?.note}>{d.test?.note}</span>,
  },
  {
    id: 'act',
    title: t('col.act'),
    width: '6.4rem',
    cell: (d) =>
      can('test.write') && (
        <button
          type="button"
          class="btn plain"
          disabled={!canAct.value}
          onClick={() => ask(decide.recordTest(d.p.id))}
        >
          {t('record')}
        </button>
      ),
  },
];

function Tests({ read, list, ask }: { read: Reading<unknown>; list: readonly Due[]; ask: Ask }) {
  const only = !!route.value.query.due;
  const rows = only ? list.filter((d) => d.over || isSoon(d)) : list;
  return (
    <>
      <div class="desk-bar">
        <CheckField
          label={t('only.due')}
          checked={only}
          onChange={(on) => setQuery({ due: on ? '1' : null })}
        />
        <b>
          {t('tests.count', {
            n: list.length,
            over: list.filter((d) => d.over).length,
            due: list.filter(isSoon).length,
          })}
        </b>
        <span class="hint grow">{t('tests.intro')}</span>
      </div>
      <div class="desk-body fill">
        {read.data ? (
          <Table
            label={t('tab.tests', { n: '' })}
            columns={testColumns(ask)}
            rows={rows}
            rowKey={(d) => d.p.id}
          />
        ) : (
          <Waiting read={read} />
        )}
      </div>
    </>
  );
}

export default function CalibrationScreen() {
  const tab = route.value.query.tab ?? 'open';
  const records = useRead<{ items: Calibration[] }>('/calibrations');
  const tests = useRead<{ items: TestRecord[] }>('/tests');
  const [ask, dialog] = useAsk();
  const again = () => {
    records.again();
    tests.again();
  };
  useHeard(['calibration', 'test'], again);
  const act: Ask = (s) => ask({ ...s, done: again });
  const all = records.data?.items ?? [];
  const open = all.filter((c) => c.state === 'open');
  const past = all.filter((c) => c.state !== 'open').sort((a, b) => b.opened - a.opened);
  const minute = Math.floor(live.now.value / 60_000) * 60_000;
  const due = dues(site.value.points, tests.data?.items ?? [], minute);
  return (
    <div class="desk">
      <div class="desk-head">
        <h1 class="sr">{title()}</h1>
        <Tabs
          label={title()}
          current={tab}
          tabs={[
            { id: 'open', title: t('tab.open', { n: open.length }) },
            { id: 'past', title: t('tab.past', { n: past.length }) },
            {
              id: 'tests',
              title: t('tab.tests', { n: due.filter((d) => d.over || isSoon(d)).length }),
            },
          ]}
          onChange={(id) => setQuery({ tab: id === 'open' ? null : id })}
        />
      </div>
      {tab === 'tests' ? (
        <Tests read={tests} list={due} ask={act} />
      ) : tab === 'past' ? (
        <Past read={records} list={past} />
      ) : (
        <Open read={records} list={open} ask={act} />
      )}
      {dialog}
    </div>
  );
}
