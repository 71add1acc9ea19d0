// SPDX-License-Identifier: Apache-2.0
/** The alarm system's own figures; it ends in a list of work, not in a chart. */
import type { Priority } from '../../api/model';
import type { Kpi, KpiWorst } from '../../api/records';
import { can } from '../../api/session';
import { site } from '../../api/site';
import { live } from '../../api/world';
import { hm, monthDay, num } from '../../app/format';
import { nameOf, pick } from '../../app/i18n';
import { route, setQuery } from '../../app/router';
import { SpanFields, Waiting } from '../../records/Parts';
import { useRead } from '../../records/use';
import { priorityWord, Tag } from '../../ui/Tag';
import { bars, type Figure, judged, remedy } from './judge';
import { t } from './texts';

const DAY = 86_400_000;
const MINUTE = 60_000;
const FLOOD = 10;
const BARS = 200;
const SIGN = { met: '✓', near: '△', bad: '✕', none: '' } as const;

function shown(id: Figure, v: number): string {
  if (id === 'floods' || id === 'ten') return `${num(v * 100, 1)} %`;
  if (id === 'average') return num(v, 1);
  return id === 'ack' ? `${num(v, 0)} s` : String(v);
}

function Figures({ k }: { k: Kpi }) {
  return (
    <ul class="kpi-figures">
      {judged(k).map((f) => (
        <li key={f.id} class={`panel kpi-${f.grade}`}>
          <span>{t(`kpi.${f.id}`)}</span>
          <b class="big-number">{shown(f.id, f.value)}</b>
          <span class="hint">
            {f.grade !== 'none' && (
              <b>
                {SIGN[f.grade]} {t(`kpi.${f.grade}`)}
              </b>
            )}{' '}
            {t('kpi.target', { text: t(`kpi.t.${f.id}`) })}
          </span>
        </li>
      ))}
    </ul>
  );
}

function Rate({ k }: { k: Kpi }) {
  const { n } = bars(k.per_10min, BARS);
  const max = Math.max(FLOOD + 2, ...n);
  const y = (v: number) => 60 - (v / max) * 58;
  const label = t('kpi.rate.label', { peak: k.peak, average: num(k.average, 1) });
  return (
    <figure class="panel kpi-rate">
      <figcaption class="row">
        <b class="grow">{t('kpi.rate')}</b>
        <span class="hint">{t('kpi.total', { n: k.total })}</span>
      </figcaption>
      <svg viewBox={`0 0 ${n.length} 60`} preserveAspectRatio="none" role="img" aria-label={label}>
        {n.map((v, i) => (
          <rect
            key={i}
            class={v > FLOOD ? 'flood' : ''}
            x={i + 0.1}
            width="0.8"
            y={y(v)}
            height={60 - y(v)}
          />
        ))}
        <line x1="0" x2={n.length} y1={y(FLOOD)} y2={y(FLOOD)} class="kpi-flood-line" />
      </svg>
      <p class="row hint">
        <span class="grow">
          {monthDay(k.from)} {hm(k.from)}
        </span>
        <span>— {FLOOD} —</span>
        <span class="grow num">
          {monthDay(k.to)} {hm(k.to)}
        </span>
      </p>
    </figure>
  );
}

function Split({ k }: { k: Kpi }) {
  return (
    <section class="panel kpi-split">
      <b>{t('kpi.split')}</b>
      <table class="wide-table">
        <tbody>
          {([1, 2, 3, 4] as Priority[]).map((p) => {
            const n = k.priority[p] ?? 0;
            const part = k.total ? n / k.total : 0;
            return (
              <tr key={p}>
                <th scope="row">
                  <Tag severity={p} text={priorityWord(p)} />
                </th>
                <td class="num">{n}</td>
                <td class="num">{num(part * 100, 0)} %</td>
                <td class="kpi-bar">
                  <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
                    <rect width={part * 100} height="8" />
                  </svg>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
      <p class="hint">{t('kpi.split.hint')}</p>
    </section>
  );
}

function WorkRow({
  w,
  chatters,
  from,
  to,
}: {
  w: KpiWorst;
  chatters: boolean;
  from: number;
  to: number;
}) {
  const rule = site.value.rules.get(w.rule);
  const id = encodeURIComponent(w.point);
  const way = remedy(chatters, rule);
  return (
    <tr>
      <th scope="row">
        <a href={`#/point/${id}`}>{nameOf(w) || w.point}</a>
      </th>
      <td>
        {pick(rule?.title) || w.rule} {chatters && <span class="mark">{t('kpi.chatters')}</span>}
      </td>
      <td class="num">{w.count}</td>
      <td class="num">{num(w.share * 100, 1)} %</td>
      <td>{t(`kpi.why.${way}`)}</td>
      <td>
        <span class="row">
          {can('history.read') && (
            <a href={`#/trend?points=${id}&from=${from}&to=${to}`}>{t('kpi.trend')}</a>
          )}
          <a href={`#/limits?q=${id}`}>{t('kpi.limits')}</a>
          {can('backtest') && <a href="#/backtest">{t('kpi.test')}</a>}
        </span>
      </td>
    </tr>
  );
}

function Work({ k }: { k: Kpi }) {
  const chattering = new Set(k.chattering.map((w) => `${w.point} ${w.rule}`));
  const isChatter = (w: KpiWorst) => chattering.has(`${w.point} ${w.rule}`);
  const more = k.chattering.filter(
    (w) => !k.top.some((x) => x.point === w.point && x.rule === w.rule),
  );
  return (
    <section class="panel kpi-work">
      <p>
        <b>{t('kpi.work')}</b> <span class="hint">{t('kpi.work.hint')}</span>
      </p>
      {k.total === 0 ? (
        <p class="hint">{t('kpi.none')}</p>
      ) : (
        <table class="wide-table">
          <thead>
            <tr>
              <th scope="col">{t('points')}</th>
              <th scope="col">{t('kpi.col.alarm')}</th>
              <th scope="col" class="num">
                {t('kpi.col.n')}
              </th>
              <th scope="col" class="num">
                {t('kpi.col.share')}
              </th>
              <th scope="col">{t('kpi.col.why')}</th>
              <th scope="col">{t('kpi.col.act')}</th>
            </tr>
          </thead>
          <tbody>
            {[...k.top, ...more].map((w) => (
              <WorkRow
                key={`${w.point} ${w.rule}`}
                w={w}
                chatters={isChatter(w)}
                from={Math.round(k.from)}
                to={Math.round(k.to)}
              />
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

export function KpiTab() {
  const q = route.value.query;
  const now = Math.round(live.now.value / MINUTE) * MINUTE;
  const to = q.to ? Number(q.to) : now;
  const from = q.from ? Number(q.from) : to - DAY;
  const read = useRead<Kpi>(to > DAY ? '/alarms/kpi' : null, { from, to });
  return (
    <>
      <div class="desk-bar">
        <SpanFields
          from={from}
          to={to}
          hours={[8, 24, 168, 720]}
          now={now}
          onChange={(a, b) => setQuery({ from: String(Math.round(a)), to: String(Math.round(b)) })}
        />
        <span class="grow hint ellipsis">{t('kpi.intro')}</span>
      </div>
      <div class="desk-body kpi">
        <Waiting read={read}>
          {read.data && (
            <>
              <Figures k={read.data} />
              <Rate k={read.data} />
              <Split k={read.data} />
              <Work k={read.data} />
            </>
          )}
        </Waiting>
      </div>
    </>
  );
}
