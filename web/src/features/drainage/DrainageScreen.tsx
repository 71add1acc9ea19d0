// SPDX-License-Identifier: Apache-2.0
import './drainage.css';
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { api } from '../../api/client';
import { room } from '../../api/room';
import { canAct } from '../../api/world';
import { num } from '../../app/format';
import { lang } from '../../app/i18n';
import { go, route } from '../../app/router';
import { Waiting } from '../../records/Parts';
import { useHeard, useRead } from '../../records/use';
import { errorText, toast } from '../../ui/Toast';
import { Editor } from './Editor';
import { type DrainPlan, late, matrix, type NameOf, type PlanItem, type Result } from './model';
import { t } from './texts';
import { title } from './title';

/** Newest plans that are judged for the comparison. */
const COMPARED = 12;

/** Without the sign of what rounds to nothing. */
const wan = (m3: number) => num(Math.abs(m3) < 50 ? 0 : m3 / 1e4, 2);
const say = (x: { text?: string | undefined; text_zh?: string | undefined }) =>
  (lang.value === 'zh' ? x.text_zh : x.text) ?? '';

/** Every plan judged; a string is why one cannot be. */
function useJudged(plans: readonly PlanItem[], round: number) {
  const [got, setGot] = useState<Map<number, DrainPlan | string>>(new Map());
  const ids = plans.map((p) => p.id).join(',');
  useEffect(() => {
    let gone = false;
    for (const p of plans) {
      api
        .get<DrainPlan>(`/drainage/plans/${p.id}`)
        .catch((e: unknown) => errorText(e))
        .then((x) => !gone && setGot((m) => new Map(m).set(p.id, x)));
    }
    return () => {
      gone = true;
    };
  }, [ids, round]);
  return got;
}

/** A plan knows zones by their numbers; people know them by name. */
function useZoneNames(): NameOf {
  const known = room.value.registers.some((r) => r.id === 'gas_zone');
  const read = useRead<{ items: PlanItem[] }>(known ? '/records/gas_zone' : null, { limit: 1000 });
  const labels = new Map(read.data?.items.map((z) => [z.key, z.label]));
  return (key) => labels.get(key) ?? key;
}

interface CompareProps {
  plans: readonly PlanItem[];
  judged: Map<number, DrainPlan | string>;
  current: number;
}

function Figures({ r }: { r: Result }) {
  const breaches = r.broken.length;
  return (
    <>
      <td class="num">{num(r.emission_t, 1)}</td>
      <td class="num">{r.use_rate === null ? '–' : num(r.use_rate, 1)}</td>
      <td class="num">{wan(r.drained_m3)}</td>
      <td class="num">{wan(r.vented_m3)}</td>
      <td class="num">{late(r) ? <b>{late(r)}</b> : 0}</td>
      <td class="num">{breaches ? <b>{breaches}</b> : 0}</td>
    </>
  );
}

function Compare({ plans, judged, current }: CompareProps) {
  const heads = ['emission', 'use', 'drained', 'vented', 'late', 'broken'] as const;
  return (
    <table class="wide-table lined dr-table">
      <caption>{t('compare')}</caption>
      <thead>
        <tr>
          <th scope="col">{t('plan')}</th>
          <th scope="col">{t('made')}</th>
          {heads.map((h) => (
            <th key={h} scope="col" class="num">
              {t(h)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {plans.map((p) => {
          const x = judged.get(p.id);
          return (
            <tr key={p.id} class={p.id === current ? 'dr-current' : ''}>
              <th scope="row">
                <button
                  type="button"
                  class="link"
                  aria-pressed={p.id === current}
                  onClick={() => go(['drainage', String(p.id)])}
                >
                  {p.label}
                </button>
              </th>
              <td>{t(p.fields.made === 'solver' ? 'solver' : 'person')}</td>
              {x === undefined ? (
                <td colSpan={6} class="hint">
                  …
                </td>
              ) : typeof x === 'string' ? (
                <td colSpan={6}>
                  {t('fails')} · {x}
                </td>
              ) : (
                <Figures r={x.result} />
              )}
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function Grid(props: {
  caption: string;
  heads: string[];
  text: number;
  rows: ComponentChildren[][];
}) {
  return (
    <table class="wide-table lined dr-table">
      <caption>{props.caption}</caption>
      <thead>
        <tr>
          {props.heads.map((h, i) => (
            <th key={h} scope="col" class={i < props.text ? '' : 'num'}>
              {h}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {props.rows.map((row, k) => (
          <tr key={k}>
            {row.map((cell, i) => (
              <td key={props.heads[i]} class={i < props.text ? '' : 'num'}>
                {cell}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Zones({ r, name }: { r: Result; name: NameOf }) {
  return (
    <Grid
      caption={t('zones')}
      heads={['zone', 'needed', 'attained', 'verdict', 'why', 'target', 'end'].map((x) =>
        t(x as 'zone'),
      )}
      text={5}
      rows={r.zones.map((z) => [
        name(z.id),
        z.needed_on ?? '',
        z.attained_on ?? '–',
        z.verdict === 'late' ? <b>{t('late.')}</b> : t(`${z.verdict}.` as 'open.'),
        say(z),
        num(z.target, 2),
        num(z.content[z.content.length - 1] ?? 0, 2),
      ])}
    />
  );
}

/** One that nothing is drawn to in the whole plan only fills the page. */
const works = (s: Result['stations'][number]) => s.months.some((m) => m.mixed > 0 || m.used > 0);

function Stations({ r }: { r: Result }) {
  const heads = ['station', 'month', 'mixed', 'pure', 'used', 'vented', 'conc', 'load'] as const;
  const part = (v: number | null) => (v === null ? '–' : num(v, 1));
  return (
    <Grid
      caption={t('stations')}
      heads={heads.map((x) => t(x))}
      text={2}
      rows={r.stations
        .filter(works)
        .flatMap((s) =>
          s.months.map((m) => [
            s.id,
            m.month,
            wan(m.mixed),
            wan(m.pure),
            wan(m.used),
            wan(m.vented),
            part(m.conc),
            part(m.load),
          ]),
        )}
    />
  );
}

function Rows({ r }: { r: Result }) {
  const { months, lines } = matrix(r);
  return (
    <Grid
      caption={t('rows')}
      heads={[t('hole'), ...months]}
      text={1}
      rows={lines.map((l) => [l.id, ...l.cells.map((v) => (v === null ? '' : wan(v)))])}
    />
  );
}

function Judged({ x, name }: { x: DrainPlan; name: NameOf }) {
  const r = x.result;
  return (
    <>
      {r.broken.length > 0 && (
        <section class="dr-list" aria-label={t('breaches')}>
          <h2>{t('breaches')}</h2>
          <ul>
            {r.broken.map((b) => (
              <li key={`${b.what} ${b.id} ${b.month}`}>
                {b.month} {t(`${b.what}.` as 'rich.', { id: name(b.id), by: num(b.by ?? 0, 1) })}
              </li>
            ))}
          </ul>
        </section>
      )}
      <Zones r={r} name={name} />
      <Stations r={r} />
      <Rows r={r} />
      {x.left_out.length > 0 && (
        <section class="dr-list" aria-label={t('left')}>
          <h2>{t('left')}</h2>
          <ul>
            {x.left_out.map((l) => (
              <li key={`${l.register} ${l.id}`}>
                {name(l.id)}: {say(l)}
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

/** Has the solver improve a plan; its answer is a record, which is shown. */
function Solve({ id, done }: { id: number; done: () => void }) {
  const [busy, setBusy] = useState(false);
  const solve = async () => {
    setBusy(true);
    try {
      const v = await api.post<{ result: { record: number } }>(`/drainage/plans/${id}/solve`);
      toast(t('solved'));
      go(['drainage', String(v.result.record)]);
      done();
    } catch (e) {
      toast(errorText(e));
    } finally {
      setBusy(false);
    }
  };
  return (
    <button type="button" class="btn primary" disabled={busy || !canAct.value} onClick={solve}>
      {t(busy ? 'solving' : 'solve')}
    </button>
  );
}

export default function DrainageScreen() {
  const [round, setRound] = useState(0);
  const [editing, setEditing] = useState(0);
  const read = useRead<{ items: PlanItem[] }>('/records/drain_plan', {
    sort: '-_id',
    limit: COMPARED,
  });
  const plans = read.data?.items ?? [];
  const judged = useJudged(plans, round);
  const again = () => {
    read.again();
    setRound((n) => n + 1);
  };
  useHeard(['record'], (o) => /^(drain_|gas_zone)/.test(String(o.register)) && again());
  const name = useZoneNames();
  const current = Number(route.value.parts[1] ?? plans[0]?.id ?? 0);
  const x = judged.get(current);
  const item = plans.find((p) => p.id === current);
  const may = room.value.registers.find((r) => r.id === 'drain_plan')?.may;
  return (
    <div class="desk">
      <div class="desk-head">
        <h1>{title()}</h1>
        <span class="grow" />
        {current > 0 && (
          <a class="btn" href={`#/registers/drain_plan/${current}`}>
            {t('record')}
          </a>
        )}
        {may?.create && (
          <a class="btn" href="#/registers/drain_plan">
            {t('new')}
          </a>
        )}
        {may?.create && item && typeof x === 'object' && editing !== current && (
          <button
            type="button"
            class="btn"
            disabled={!canAct.value}
            onClick={() => setEditing(current)}
          >
            {t('edit')}
          </button>
        )}
        {may?.create && current > 0 && <Solve id={current} done={again} />}
      </div>
      <div class="desk-bar">
        <span class="hint">{t('hint')}</span>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region is reached by keys */}
      <div class="desk-body dr" tabIndex={0} role="region" aria-label={title()}>
        <Waiting read={read}>
          {plans.length === 0 ? (
            <p class="hint pad">{t('none')}</p>
          ) : (
            <Compare plans={plans} judged={judged} current={current} />
          )}
          {typeof x === 'object' && item && editing === current && (
            <Editor
              key={current}
              x={x}
              name={name}
              item={item}
              done={() => {
                setEditing(0);
                again();
              }}
            />
          )}
          {typeof x === 'object' && editing !== current && <Judged x={x} name={name} />}
        </Waiting>
      </div>
    </div>
  );
}
