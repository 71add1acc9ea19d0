// SPDX-License-Identifier: Apache-2.0
/** Measures of the alarm system against their targets; ends in a work list, not in a chart. */
import './alarms.css';
import { useEffect, useState } from 'preact/hooks';
import { api } from '../../api/client';
import type { AlarmKpi, WorstPoint } from '../../api/model';
import { site } from '../../api/site';
import { live } from '../../api/world';
import { num, span } from '../../app/format';
import { pick } from '../../app/i18n';
import { point, select } from '../../app/selection';
import { Tag } from '../../ui/Tag';
import { toastError } from '../../ui/Toast';
import { t } from './texts';

const HOUR = 3600_000;
const SPANS = [
  ['kpi.h24', 24 * HOUR],
  ['kpi.d7', 7 * 24 * HOUR],
  ['kpi.d30', 30 * 24 * HOUR],
] as const;
const BARS = 144;

interface MeasureProps {
  title: string;
  value: string;
  target: string;
  /** undefined: no target, only a trend. */
  met?: boolean;
}

function Measure({ title, value, target, met }: MeasureProps) {
  return (
    <article class="card measure">
      <h3>{title}</h3>
      <b class="measure-value">{value}</b>
      <p class="hint">{t('kpi.target', { text: target })}</p>
      {met !== undefined && (
        <p class={met ? '' : 'unmet'}>{met ? `✓ ${t('kpi.ok')}` : `✗ ${t('kpi.bad')}`}</p>
      )}
    </article>
  );
}

const percent = (v: number) => `${num(v * 100, 1)} %`;

/** Sums neighbours so that any span has at most BARS bars; the highest of them counts. */
export function bars(per: readonly number[], most = BARS): number[] {
  const k = Math.max(1, Math.ceil(per.length / most));
  const out: number[] = [];
  for (let i = 0; i < per.length; i += k) out.push(Math.max(...per.slice(i, i + k)));
  return out;
}

function Rate({ per }: { per: readonly number[] }) {
  const list = bars(per);
  const max = Math.max(12, ...list);
  return (
    <figure class="card measure-rate">
      <figcaption>{t('kpi.rate')}</figcaption>
      <svg
        viewBox={`0 0 ${list.length} 40`}
        preserveAspectRatio="none"
        role="img"
        aria-label={t('kpi.rate')}
      >
        {list.map((v, i) => (
          <rect
            key={i}
            class={v > 10 ? 'high' : ''}
            x={i + 0.1}
            width="0.8"
            y={40 - (v / max) * 40}
            height={(v / max) * 40}
          />
        ))}
        <line x1="0" x2={list.length} y1={40 - (10 / max) * 40} y2={40 - (10 / max) * 40} />
      </svg>
    </figure>
  );
}

function Split({ k }: { k: AlarmKpi }) {
  return (
    <article class="card measure">
      <h3>{t('kpi.split')}</h3>
      {([1, 2, 3, 4] as const).map((p) => (
        <p key={p} class="row">
          <Tag severity={p} text />
          <span class="grow num">{k.priority[p] ?? 0}</span>
          <b class="num">{percent(k.total ? (k.priority[p] ?? 0) / k.total : 0)}</b>
        </p>
      ))}
      <p class="hint">{t('kpi.target', { text: t('kpi.split.t') })}</p>
    </article>
  );
}

function WorkList({ k }: { k: AlarmKpi }) {
  const chatters = new Set(k.chattering.map((w) => `${w.point} ${w.rule}`));
  const rule = (w: WorstPoint) => pick(site.value.rules.get(w.rule)?.title) || w.rule;
  return (
    <section class="card">
      <header>
        <h2>{t('kpi.work')}</h2>
      </header>
      <p class="body hint">{t('kpi.work.note')}</p>
      <table class="wide-table">
        <thead>
          <tr>
            <th scope="col">{t('kpi.point')}</th>
            <th scope="col">{t('kpi.rule')}</th>
            <th scope="col" class="num">
              {t('kpi.count')}
            </th>
            <th scope="col" class="num">
              {t('kpi.part')}
            </th>
            <th scope="col">{t('kpi.do')}</th>
          </tr>
        </thead>
        <tbody>
          {k.top.map((w) => (
            <tr key={`${w.point} ${w.rule}`}>
              <td>{site.value.pointName(w.point)}</td>
              <td>
                {rule(w)}{' '}
                {chatters.has(`${w.point} ${w.rule}`) && (
                  <span class="mark">{t('kpi.chattering')}</span>
                )}
              </td>
              <td class="num">{w.count}</td>
              <td class="num">{percent(w.share)}</td>
              <td>
                <button type="button" class="btn" onClick={() => select(point(w.point))}>
                  {t('kpi.open')}
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

export default function MeasuresScreen() {
  const [length, setLength] = useState<number>(SPANS[0][1]);
  const [k, setK] = useState<AlarmKpi | null>(null);
  useEffect(() => {
    let gone = false;
    const to = Math.round(live.now.peek() || Date.now());
    api
      .get<AlarmKpi>('/alarms/kpi', { from: to - length, to })
      .then((x) => !gone && setK(x), toastError);
    return () => {
      gone = true;
    };
  }, [length]);
  const share = k?.top.reduce((n, w) => n + w.share, 0) ?? 0;
  return (
    <div class="page">
      <div class="row">
        <h1 class="grow">{t('kpi.title')}</h1>
        <span class="row" role="group" aria-label={t('kpi.span')}>
          {SPANS.map(([name, ms]) => (
            <button
              key={name}
              type="button"
              class="btn"
              aria-pressed={length === ms}
              onClick={() => setLength(ms)}
            >
              {t(name)}
            </button>
          ))}
        </span>
        <a class="btn" href="#/alarms">
          {t('kpi.back')}
        </a>
      </div>
      {k && (
        <>
          <p>
            {t('kpi.total', { n: k.total })} · <span class="hint">{t('kpi.source')}</span>
          </p>
          <div class="measures">
            <Measure
              title={t('kpi.average')}
              value={num(k.average, 1)}
              target={t('kpi.average.t')}
              met={k.average <= 2}
            />
            <Measure
              title={t('kpi.floods')}
              value={`${k.flood_periods} · ${percent(k.flood_share)}`}
              target={t('kpi.floods.t')}
              met={k.flood_share < 0.01}
            />
            <Measure
              title={t('kpi.stale')}
              value={String(k.stale)}
              target={t('kpi.stale.t')}
              met={k.stale < 5}
            />
            <Measure
              title={t('kpi.chatter')}
              value={String(k.chattering.length)}
              target={t('kpi.chatter.t')}
              met={k.chattering.length === 0}
            />
            <Measure
              title={t('kpi.share')}
              value={percent(share)}
              target={t('kpi.share.t')}
              met={share <= 0.2}
            />
            <Measure
              title={t('kpi.ack')}
              value={k.ack_seconds > 0 ? span(k.ack_seconds * 1000) : '–'}
              target={t('kpi.ack.t')}
            />
            <Split k={k} />
          </div>
          <Rate per={k.per_10min} />
          <WorkList k={k} />
        </>
      )}
    </div>
  );
}
