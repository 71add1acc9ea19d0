// SPDX-License-Identifier: Apache-2.0
/**
 * The wall: sizes hang on one variable, --wall-scale, so that it reads at a distance; dark, still,
 * with a moving second hand that proves it lives. No input, no rotation of pages.
 */
import './wall.css';
import { effect, signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { Place, PointInfo, Priority } from '../../api/model';
import { gradeOf } from '../../api/points';
import { me, shiftAt } from '../../api/session';
import { site } from '../../api/site';
import { live } from '../../api/world';
import { hms, monthDay, siteOffset, span } from '../../app/format';
import { nameOf, pick } from '../../app/i18n';
import { theme, wallScale } from '../../app/prefs';
import { route } from '../../app/router';
import { flyTo } from '../../app/selection';
import { alarmNow, dataAgeMs } from '../../app/shell/Strip';
import { t as ta } from '../../app/texts';
import { beat } from '../../app/ticker';
import { loadMap, type MapFilter, MapView } from '../../map/view';
import { MiniTrend } from '../../ui/MiniTrend';
import { AlarmTag, stateWord, Tag } from '../../ui/Tag';
import { Value } from '../../ui/Value';
import { t } from './texts';

const BASE_WIDTH = 1280;
const BURN_IN_MS = 600_000;
const filter = signal<MapFilter>({ hidden: new Set(), onlyAbnormal: false, names: true });
const marked = signal<ReadonlySet<string>>(new Set());

function useWall() {
  useEffect(() => {
    const before = theme.value;
    const root = document.documentElement;
    const rescale = () =>
      root.style.setProperty('--wall-scale', String((innerWidth / BASE_WIDTH) * wallScale.value));
    document.documentElement.dataset.theme = 'dark';
    rescale();
    addEventListener('resize', rescale);
    let moved = false;
    const burnIn = setInterval(() => {
      moved = !moved;
      root.classList.toggle('wall-moved', moved);
    }, BURN_IN_MS);
    return () => {
      removeEventListener('resize', rescale);
      clearInterval(burnIn);
      root.style.removeProperty('--wall-scale');
      root.dataset.theme = before;
    };
  }, []);
  const shift = shiftAt(live.now.value, siteOffset.value);
  const was = useRef(shift);
  const urgent = live.alarms.unacked.value.some((a) => a.priority === 1);
  useEffect(() => {
    // a fresh page at each shift keeps a wall that runs for months honest; never during an alarm
    if (was.current !== undefined && shift !== was.current && !urgent) location.reload();
    else if (was.current === undefined) was.current = shift;
  }, [shift, urgent]);
}

function Head() {
  beat.value;
  const now = live.now.value;
  const age = dataAgeMs();
  const late = age > 5000;
  const n = live.alarms.counts.value;
  const shift = site.value.site.shifts?.find((s) => s.id === shiftAt(now, siteOffset.value));
  const angle = (Math.floor(beat.value / 500) % 120) * 3;
  return (
    <header class="wall-head">
      <svg class="wall-hand" viewBox="-10 -10 20 20" aria-hidden="true">
        <circle r="9" />
        <line x2="0" y2="-8" transform={`rotate(${angle})`} />
      </svg>
      <b class="wall-big">{now ? hms(now) : '--:--:--'}</b>
      <span>
        {now ? monthDay(now) : ''} {pick(shift?.name)} {t('onDuty')} {me.value?.name}
      </span>
      <span class="grow">
        {pick(site.value.site.name)}
        {site.value.site.simulation && <b class="sim-word">{ta('sim')}</b>}
        {live.drill.value && <b class="sim-word">{ta('drill')}</b>}
      </span>
      <span class={late ? 'strip-age late' : 'strip-age'}>
        {age < 0 ? ta('dataAge.none') : ta('dataAge', { age: `${Math.round(age / 1000)}s` })}
      </span>
      {([1, 2, 3, 4] as Priority[]).map((p) => (
        <Tag key={p} severity={p} text={String(n[p])} hollow={n[p] === 0} />
      ))}
    </header>
  );
}

function Worst() {
  const list = live.alarms.unacked.value.slice(0, 2);
  const now = live.now.value;
  return (
    <section class="wall-worst" aria-label={t('worst')}>
      {list.length === 0 && <p class="hint">{t('quiet')}</p>}
      {list.map((a) => (
        <p key={a.id} class="row">
          <AlarmTag alarm={a} />
          <span class="grow ellipsis">
            {site.value.alarmName(a)} <b>{alarmNow(a, live)}</b> {site.value.alarmTitle(a)}
          </span>
          <span>{stateWord(a.state)}</span>
          <span>{span(now - a.raised)}</span>
        </p>
      ))}
    </section>
  );
}

function WallMap() {
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    let view: MapView | null = null;
    let gone = false;
    let off = () => {};
    loadMap().then(
      (d) => {
        if (gone || !host.current) return;
        const factor = Math.max(1, (innerWidth / BASE_WIDTH) * 0.8);
        const v = new MapView(host.current, d, {
          filter,
          marked,
          interactive: false,
          factor,
          overview: true,
        });
        view = v;
        off = effect(() => {
          const target = flyTo.value;
          if (!target) return;
          v.flyToTarget(target);
          flyTo.value = null;
        });
      },
      () => undefined,
    );
    return () => {
      gone = true;
      off();
      view?.dispose();
    };
  }, [site.value.site.hash]);
  return <div ref={host} class="wall-map" role="img" aria-label={t('map')} />;
}

/** Counts of switch-like points of some roles in the two states. */
function tally(points: readonly PointInfo[]): { on: number; off: number } {
  let on = 0;
  let off = 0;
  for (const p of points) {
    const r = live.points.peek(p.i);
    if (r.v === null || gradeOf(r.q) === 'bad') continue;
    if (r.v > 0) on += 1;
    else off += 1;
  }
  return { on, off };
}

function Areas() {
  const s = site.value;
  live.points.tick.value;
  const gas = s.points.filter((p) => s.groupOf(p) === 'gas').map((p) => p.place);
  const areas = [...s.places.values()]
    .filter((p) => p.kind === 'panel' || p.kind === 'heading-area')
    .filter((p) => {
      const inside = s.below(p.id);
      return gas.some((g) => inside.has(g));
    })
    .slice(0, 12);
  return (
    <section class="wall-panel">
      <h2>{t('areas')}</h2>
      <ul class="wall-areas">
        {areas.map((a) => (
          <Area key={a.id} area={a} />
        ))}
      </ul>
    </section>
  );
}

function Area({ area }: { area: Place }) {
  const s = site.value;
  const inside = s.below(area.id);
  const alarm = live.alarms.active.value.find((a) => inside.has(a.place));
  const gas = s.points.filter(
    (p) => p.kind === 'analog' && s.groupOf(p) === 'gas' && inside.has(p.place),
  );
  let top: PointInfo | undefined;
  for (const p of gas) {
    const r = live.points.peek(p.i);
    if (r.v === null || gradeOf(r.q) === 'bad') continue;
    if (!top || r.v > (live.points.peek(top.i).v ?? -1)) top = p;
  }
  return (
    <li>
      {alarm ? <AlarmTag alarm={alarm} /> : <span class="wall-ok" aria-hidden="true" />}
      <span class="grow ellipsis">{nameOf(area)}</span>
      {top ? <Value point={top} /> : '–'}
    </li>
  );
}

/** Of the main fans what the wall tells: which one blows, how much, against what. */
const FAN_STATES = ['fan.main.run', 'fan.main.run-backup'];
const FAN_VALUES = ['fan.main.flow', 'pressure.fan'];
const BELOW = ['people.below', 'people.leaders', 'people.lost', 'people.sos'] as const;

/** Counts of the whole mine: of the place that has none above it. */
function Below() {
  const s = site.value;
  const list = BELOW.flatMap((role) => {
    const p = s.points.find((x) => x.role === role && !s.places.get(x.place)?.parent);
    return p ? [{ role, p }] : [];
  });
  if (list.length === 0) return null;
  return (
    <>
      <h2>{t('below')}</h2>
      <p class="wall-below">
        {list.map(({ role, p }) => (
          <span key={role}>
            {t(role)}{' '}
            <b>
              <Value point={p} withUnit={false} />
            </b>
          </span>
        ))}
      </p>
    </>
  );
}

function Systems() {
  const s = site.value;
  live.points.tick.value;
  const main = s.points.filter((p) => FAN_STATES.includes(p.role));
  const values = s.points.filter((p) => FAN_VALUES.includes(p.role));
  const rest = tally(s.points.filter((p) => p.role === 'fan.local.run'));
  // what the load side says; an output that is a start or a set-point is no cut
  const feeds = s.points.filter((p) => p.role === 'feed.state');
  const power = tally(feeds.length ? feeds : s.points.filter((p) => p.kind === 'output'));
  const anomalies = live.alarms.active.value.filter((a) => a.category === 'feed').length;
  return (
    <section class="wall-panel">
      <h2>{t('fans')}</h2>
      <ul>
        {main.map((p) => (
          <li key={p.id} class="row">
            <span class="grow ellipsis">{nameOf(p)}</span>
            <b class={`mark ${(live.points.peek(p.i).v ?? 0) > 0 ? 'running' : 'stopped'}`}>
              <Value point={p} withUnit={false} />
            </b>
          </li>
        ))}
        {values.map((p) => (
          <li key={p.id} class="row">
            <span class="grow ellipsis">{nameOf(p)}</span>
            <Value point={p} />
          </li>
        ))}
        <li>
          {t('local')} {t('running', { n: rest.on })} · {t('stopped', { n: rest.off })}
        </li>
      </ul>
      <Below />
      <h2>{t('power')}</h2>
      <p>
        {power.off > 0 ? <b>{t('cut', { n: power.off })}</b> : t('allOn')}
        {anomalies > 0 && <b> · {t('anomaly', { n: anomalies })}</b>}
      </p>
    </section>
  );
}

/** Active alarms after the two of the banner, as many as there is room for. */
function Others() {
  const shown = new Set(live.alarms.unacked.value.slice(0, 2).map((a) => a.id));
  const list = live.alarms.active.value.filter((a) => !shown.has(a.id));
  return (
    <section class="wall-panel">
      <h2>{t('alarms', { n: live.alarms.active.value.length })}</h2>
      <ul>
        {list.slice(0, 12).map((a) => (
          <li key={a.id} class="row">
            <AlarmTag alarm={a} />
            <span class="grow ellipsis">
              {site.value.alarmName(a)} {site.value.alarmTitle(a)}
            </span>
            <span class="hint">{stateWord(a.state)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** An hour of the points that matter now: those in alarm, else the cut-off sensors. */
function Trends() {
  const s = site.value;
  const ids = new Set(live.alarms.active.value.map((a) => a.point));
  // a count of persons or a point that says nothing has no curve to read from afar
  const alarmed = [...ids]
    .map((id) => s.pointById.get(id))
    .filter((p) => p?.kind === 'analog' && s.groupOf(p) !== 'people')
    .filter((p) => live.points.peek(p!.i).v !== null);
  const others = s.points.filter((p) => p.cutoff && !ids.has(p.id));
  const list = [...alarmed, ...others].slice(0, 4) as PointInfo[];
  return (
    <section class="wall-panel wall-trends">
      {list.map((p) => (
        <div key={p.id}>
          <p class="row">
            <span class="grow ellipsis">{nameOf(p)}</span>
            <Value point={p} />
          </p>
          <MiniTrend point={p} label={t('trend')} />
        </div>
      ))}
    </section>
  );
}

export default function WallScreen() {
  useWall();
  return (
    <main class="wall">
      <h1 class="sr">{t('title')}</h1>
      <Head />
      <Worst />
      <WallMap />
      <div class="wall-side">
        <Areas />
        <Others />
        <Systems />
      </div>
      <Trends />
      <p class="wall-mode hint">{route.value.query.follow === '0' ? t('locked') : t('follow')}</p>
    </main>
  );
}
