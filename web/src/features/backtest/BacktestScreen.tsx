// SPDX-License-Identifier: Apache-2.0
import './backtest.css';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { api } from '../../api/client';
import { type Job, LIMIT_NAMES, type LimitName, type LimitRow } from '../../api/records';
import { site } from '../../api/site';
import { world } from '../../api/world';
import { decimalsOf, fullStamp, num, stamp } from '../../app/format';
import { pick } from '../../app/i18n';
import { route, setQuery } from '../../app/router';
import { saveCsv } from '../../records/csv';
import { inForce } from '../../records/decisions';
import { limitName, SpanFields } from '../../records/Parts';
import { PointPicker } from '../../records/PointPicker';
import { useRead } from '../../records/use';
import { AreaField, SelectField } from '../../ui/Field';
import { type Column, Table } from '../../ui/Table';
import { Tag } from '../../ui/Tag';
import { errorText } from '../../ui/Toast';
import { type Compared, compare, type Verdict } from './compare';
import { t } from './texts';
import { title } from './title';

const DAY = 86_400_000;
const POLL_MS = 500;

interface Try {
  /** A point or a role. */
  point?: string;
  role?: string;
  name: LimitName;
  value: string;
}

function forceOf(rows: readonly LimitRow[], x: Try) {
  const row = rows.find((r) => (x.point ? r.point === x.point : r.role === x.role));
  return row ? inForce(row.pack, row.changes) : [];
}

function TryRow({
  x,
  rows,
  set,
  remove,
}: {
  x: Try;
  rows: readonly LimitRow[];
  set: (x: Try) => void;
  remove: () => void;
}) {
  const force = forceOf(rows, x);
  const role = x.role ? site.value.roles.get(x.role) : undefined;
  const p = x.point ? site.value.pointById.get(x.point) : undefined;
  const now = force.find((f) => f.name === x.name);
  const d = decimalsOf(p?.resolution ?? 0.01);
  const who = p
    ? site.value.pointName(p.id)
    : t('role.all', { role: pick(role?.title) || (x.role ?? '') });
  return (
    <tr>
      <th scope="row">{who}</th>
      <td>
        <SelectField
          bare
          label={`${who} ${t('name')}`}
          value={x.name}
          options={(force.length ? force.map((f) => f.name) : LIMIT_NAMES).map((n) => ({
            id: n,
            title: limitName(n),
          }))}
          onChange={(name) => set({ ...x, name: name as LimitName })}
        />
      </td>
      <td>
        <input
          class="input try-value"
          type="number"
          step="any"
          aria-label={`${who} ${t('value')}`}
          value={x.value}
          onInput={(e) => set({ ...x, value: e.currentTarget.value })}
        />{' '}
        <span class="hint">{now ? t('now', { value: num(now.value, d) }) : ''}</span>
      </td>
      <td>
        <button
          type="button"
          class="btn plain"
          aria-label={`${t('remove')} ${who}`}
          onClick={remove}
        >
          ✕
        </button>
      </td>
    </tr>
  );
}

function Limits({ list, set }: { list: readonly Try[]; set: (l: Try[]) => void }) {
  const read = useRead<{ items: LimitRow[] }>('/limits');
  const rows = read.data?.items ?? [];
  const roles = [...new Set(rows.map((r) => r.role))];
  const has = (id: string) => rows.some((r) => r.point === id);
  const add = (x: Pick<Try, 'point' | 'role'>) => {
    const first = forceOf(rows, { ...x, name: 'alarm', value: '' })[0];
    set([...list, { ...x, name: first?.name ?? 'alarm', value: first ? String(first.value) : '' }]);
  };
  return (
    <fieldset class="stack">
      <legend>{t('limits')}</legend>
      <div class="row wrap">
        <PointPicker
          label={t('limits.add')}
          fits={(p) => has(p.id)}
          onPick={(p) => add({ point: p.id })}
        />
        <SelectField
          bare
          label={t('limits.role')}
          value=""
          options={[
            { id: '', title: t('limits.role.choose') },
            ...roles.map((r) => ({ id: r, title: pick(site.value.roles.get(r)?.title) || r })),
          ]}
          onChange={(role) => role && add({ role })}
        />
      </div>
      {list.length === 0 ? (
        <p class="hint">{t('limits.none')}</p>
      ) : (
        <table class="wide-table">
          <tbody>
            {list.map((x, i) => (
              <TryRow
                key={`${x.point ?? x.role} ${i}`}
                x={x}
                rows={rows}
                set={(y) => set(list.map((o, k) => (k === i ? y : o)))}
                remove={() => set(list.filter((_, k) => k !== i))}
              />
            ))}
          </tbody>
        </table>
      )}
    </fieldset>
  );
}

/** Asks for the job until it is over. */
function useJob(id: number | null): { job: Job | null; error: string } {
  const [job, setJob] = useState<Job | null>(null);
  const [error, setError] = useState('');
  useEffect(() => {
    setJob(null);
    setError('');
    if (!id) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let gone = false;
    const ask = () =>
      api.get<Job>(`/jobs/${id}`).then(
        (j) => {
          if (gone) return;
          setJob(j);
          if (j.state === 'running') timer = setTimeout(ask, POLL_MS);
        },
        (e: unknown) => !gone && setError(errorText(e)),
      );
    void ask();
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [id]);
  return { job, error };
}

function what(c: Compared): string {
  const b = c.o.body;
  const s = site.value;
  if (c.cut) {
    const latched = b.latched_by?.map((id) => s.pointName(id)).join(', ');
    return `${s.pointName(b.output ?? '')} · ${t('by', { by: latched || (b.by ?? '') })}`;
  }
  return `${s.pointName(b.point ?? '')} · ${pick(s.rules.get(b.rule ?? '')?.title) || b.rule}`;
}

function valueText(c: Compared): string {
  const b = c.o.body;
  const p = site.value.pointById.get(b.output ?? b.point ?? '');
  if (typeof b.value !== 'number' || !p) return '';
  return c.cut
    ? site.value.word(p, b.value)
    : `${num(b.value, decimalsOf(p.resolution))} ${site.value.unitOf(p)}`;
}

const columns = (): Column<Compared>[] => [
  { id: 'time', title: t('col.time'), width: '12.2rem', cell: (c) => fullStamp(c.o.time) },
  {
    id: 'verdict',
    title: t('col.verdict'),
    width: '6.5rem',
    cell: (c) =>
      c.verdict === 'same' ? (
        <span class="hint">{t('verdict.same')}</span>
      ) : (
        <b>{t(`verdict.${c.verdict}`)}</b>
      ),
  },
  {
    id: 'kind',
    title: t('col.kind'),
    width: '7rem',
    cell: (c) => {
      const p = c.o.body.priority;
      return c.cut || !p ? (
        <span class="mark">{t('kind.cut')}</span>
      ) : (
        <Tag severity={p as 1 | 2 | 3 | 4} text={t('kind.alarm')} />
      );
    },
  },
  { id: 'what', title: t('col.what'), cell: (c) => <span title={what(c)}>{what(c)}</span> },
  { id: 'value', title: t('col.value'), width: '8rem', num: true, cell: valueText },
];

function Totals({ j }: { j: Job }) {
  const cells: [string, number, number][] = [
    [t('alarms'), j.alarms, j.alarms_then],
    [t('cuts'), j.cuts, j.cuts_then],
  ];
  return (
    <table class="wide-table backtest-totals">
      <thead>
        <tr>
          <th scope="col" />
          <th scope="col" class="num">
            {t('would')}
          </th>
          <th scope="col" class="num">
            {t('did')}
          </th>
        </tr>
      </thead>
      <tbody>
        {cells.map(([title, would, did]) => (
          <tr key={title}>
            <th scope="row">{title}</th>
            <td class="num big-number">{would}</td>
            <td class="num big-number">{did}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Result({ j }: { j: Job }) {
  const [only, setOnly] = useState<Verdict | ''>('');
  const all = useMemo(() => compare(j.items, j.happened), [j]);
  const rows = only ? all.filter((c) => c.verdict === only) : all;
  const n = (v: Verdict) => all.filter((c) => c.verdict === v).length;
  return (
    <div class="backtest-result">
      <p class="hint">{t('job', { n: j.job, by: j.by, from: stamp(j.from), to: stamp(j.to) })}</p>
      <Totals j={j} />
      {j.cut_short && <p class="error">{t('cut.short')}</p>}
      <div class="row wrap">
        {(['', 'more', 'less', 'same'] as const).map((v) => (
          <button
            key={v}
            type="button"
            class="btn plain"
            aria-pressed={only === v}
            onClick={() => setOnly(v)}
          >
            {v ? t(v, { n: n(v) }) : t('show.all')}
          </button>
        ))}
        <span class="grow" />
        <button
          type="button"
          class="btn"
          onClick={() =>
            saveCsv(
              'backtest',
              [t('col.time'), t('col.verdict'), t('col.kind'), t('col.what'), t('col.value')],
              rows.map((c) => [
                fullStamp(c.o.time),
                t(`verdict.${c.verdict}`),
                t(c.cut ? 'kind.cut' : 'kind.alarm'),
                what(c),
                valueText(c),
              ]),
            )
          }
        >
          {t('csv')}
        </button>
      </div>
      <Table
        label={t('result')}
        columns={columns()}
        rows={rows}
        rowKey={(c) => c.key}
        empty={t('empty')}
      />
    </div>
  );
}

function Progress({ j }: { j: Job }) {
  const n = Math.round(j.progress * 100);
  return (
    <div class="stack" role="status">
      <p>{t('running', { n })}</p>
      <progress class="backtest-progress" max={100} value={n} aria-label={t('running', { n })} />
    </div>
  );
}

export default function BacktestScreen() {
  const now = Math.round(world.value.now.peek());
  const [limits, setLimits] = useState<Try[]>([]);
  const [rules, setRules] = useState('');
  const [[from, to], setSpan] = useState<[number, number]>([now - DAY, now]);
  const [error, setError] = useState('');
  const [starting, setStarting] = useState(false);
  const id = Number(route.value.query.job) || null;
  const { job, error: jobError } = useJob(id);
  const good = limits.filter((x) => x.value.trim() && Number.isFinite(Number(x.value)));
  const runs = job?.state === 'running' || starting;

  async function run(e: Event) {
    e.preventDefault();
    setError('');
    setStarting(true);
    try {
      const r = await api.post<{ job: number }>('/backtest', {
        from: Math.round(from),
        to: Math.round(to),
        ...(good.length
          ? { limits: good.map(({ value, ...x }) => ({ ...x, value: Number(value) })) }
          : {}),
        ...(rules.trim() ? { rules } : {}),
      });
      setQuery({ job: String(r.job) });
    } catch (err) {
      setError(errorText(err));
    }
    setStarting(false);
  }

  return (
    <div class="backtest">
      <form class="backtest-form card" onSubmit={run}>
        <header>
          <h1>{title()}</h1>
        </header>
        <div class="body stack">
          <p class="hint">{t('intro')}</p>
          <Limits list={limits} set={setLimits} />
          <AreaField
            label={t('rules')}
            hint={t('rules.hint')}
            rows={8}
            value={rules}
            onInput={setRules}
          />
          <fieldset class="row wrap">
            <legend>{t('span')}</legend>
            <SpanFields
              from={from}
              to={to}
              hours={[8, 24, 168]}
              now={now}
              onChange={(a, b) => setSpan([a, b])}
            />
          </fieldset>
          {error && (
            <p class="error backtest-error" role="alert">
              {error}
            </p>
          )}
          <button
            type="submit"
            class="btn primary"
            disabled={runs || (good.length === 0 && !rules.trim())}
          >
            {t('run')}
          </button>
        </div>
      </form>
      <section class="backtest-side" aria-label={t('result')}>
        {jobError && <p class="error">{jobError}</p>}
        {!job && !jobError && <p class="hint pad">{t('waiting')}</p>}
        {job?.state === 'running' && <Progress j={job} />}
        {job?.state === 'failed' && <p class="error">{job.text}</p>}
        {job?.state === 'done' && <Result j={job} />}
      </section>
    </div>
  );
}
