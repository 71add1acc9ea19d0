// SPDX-License-Identifier: Apache-2.0
/**
 * The mine on one screen: figures of records beside live points. What is not known says so; a point
 * that is silent is counted as silent, never as on or off. Each tile leads to where it comes from.
 */
import './overview.css';
import type { ComponentChildren } from 'preact';
import type { PointInfo, Priority } from '../../api/model';
import { gradeOf } from '../../api/points';
import { room } from '../../api/room';
import { site } from '../../api/site';
import { replaying, world } from '../../api/world';
import { num, siteOffset, unitSign } from '../../app/format';
import { nameOf } from '../../app/i18n';
import { href } from '../../app/router';
import { useHeard, useRead } from '../../records/use';
import { AlarmTag, Tag } from '../../ui/Tag';
import { Value } from '../../ui/Value';
import { DAY, type Seen, spans, sum, tally } from './state';
import { t } from './texts';

interface Figure {
  value: number | null;
  unit?: string;
  decimals?: number;
}

const ROUND_MS = 60_000;

function seenOf(points: readonly PointInfo[]): Seen[] {
  return points.map((p) => {
    const r = world.peek().points.peek(p.i);
    return { v: r.v, bad: gradeOf(r.q) === 'bad' };
  });
}

const ofRole = (...roles: string[]) =>
  site.value.points.filter((p) => roles.some((r) => p.role === r || p.role.startsWith(`${r}.`)));

function Tile({ title, to, children }: { title: string; to: string; children: ComponentChildren }) {
  return (
    <section class="ov-tile" aria-label={title}>
      <h2>
        <a href={href([to])}>{title}</a>
      </h2>
      {children}
    </section>
  );
}

function Line({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <p class="ov-line">
      <span class="grow ov-name">{name}</span>
      <b>{children}</b>
    </p>
  );
}

function Silent({ n }: { n: number }) {
  return n > 0 ? <span class="mark"> {t('silent', { n })}</span> : null;
}

/** A figure of the record room; nothing where the site has no such figure. */
function Indicator({ id, name, from, to }: { id: string; name: string; from: number; to: number }) {
  const has = room.value.indicators.some((i) => i.id === id);
  const read = useRead<Figure>(has ? `/indicators/${id}` : null, { from, to });
  useHeard(['record'], () => has && read.again());
  if (!has) return null;
  const f = read.data;
  return (
    <Line name={name}>
      {f && f.value !== null
        ? `${num(f.value, f.decimals ?? 1)} ${unitSign(f.unit ?? '')}`
        : t('unknown')}
    </Line>
  );
}

function Count({ name, roles }: { name: string; roles: string[] }) {
  const points = ofRole(...roles);
  if (points.length === 0) return null;
  const n = tally(seenOf(points));
  return (
    <Line name={name}>
      {t('ofAll', { on: n.on, all: points.length })}
      <Silent n={n.silent} />
    </Line>
  );
}

function Sum({ name, roles, digits }: { name: string; roles: string[]; digits: number }) {
  const points = ofRole(...roles);
  if (points.length === 0) return null;
  const s = sum(seenOf(points));
  return (
    <Line name={name}>
      {s.value === null
        ? t('unknown')
        : `${num(s.value, digits)} ${unitSign(points[0]!.unit ?? '')}`}
      <Silent n={s.silent} />
    </Line>
  );
}

/** A value, or how far up its range it stands; a point without a range comes after those. */
function height(p: PointInfo, ofRange: boolean): number {
  const v = world.peek().points.peek(p.i).v;
  if (v === null) return -Infinity;
  if (!ofRange) return v;
  return p.range ? (v - p.range[0]) / (p.range[1] - p.range[0]) : -1;
}

/** The points of a role, the highest first: a sump near its brim before a deep well. */
function Highest({ roles, most, ofRange }: { roles: string[]; most: number; ofRange?: boolean }) {
  const list = ofRole(...roles)
    .map((p) => ({ p, v: height(p, !!ofRange) }))
    .sort((a, b) => b.v - a.v)
    .slice(0, most);
  return (
    <>
      {list.map(({ p }) => (
        <Line key={p.id} name={nameOf(p)}>
          <Value point={p} />
        </Line>
      ))}
    </>
  );
}

function People() {
  const whole = (role: string) => ofRole(role).find((p) => !site.value.places.get(p.place)?.parent);
  return (
    <Tile title={t('people')} to="people">
      {(['people.below', 'people.leaders', 'people.lost', 'people.sos'] as const).map((role) => {
        const p = whole(role) ?? ofRole(role)[0];
        return (
          p && (
            <Line key={role} name={t(role)}>
              <Value point={p} />
            </Line>
          )
        );
      })}
    </Tile>
  );
}

function Alarms() {
  const n = world.value.alarms.counts.value;
  return (
    <Tile title={t('safety')} to="alarms">
      <p class="row">
        {([1, 2, 3, 4] as Priority[]).map((p) => (
          <Tag key={p} severity={p} text={String(n[p])} hollow={n[p] === 0} />
        ))}
      </p>
      {world.value.alarms.active.value.slice(0, 5).map((a) => (
        <p key={a.id} class="ov-line">
          <AlarmTag alarm={a} />
          <span class="grow ov-name">
            {site.value.alarmName(a)} {site.value.alarmTitle(a)}
          </span>
        </p>
      ))}
    </Tile>
  );
}

/** In a replay: records tell of days, with what was written down after the replayed moment. */
function AsRecorded() {
  return replaying.value ? <p class="hint">{t('whole')}</p> : null;
}

export default function OverviewScreen() {
  world.value.points.tick.value;
  const at = Math.floor(world.value.now.value / ROUND_MS) * ROUND_MS;
  const { day, month } = spans(at || Date.now(), siteOffset.value);
  return (
    <div class="ov">
      <h1 class="sr">{t('title')}</h1>
      <Tile title={t('production')} to="indicators">
        <AsRecorded />
        <Indicator id="coal_mined" name={t('coal.day')} from={day} to={day + DAY} />
        <Indicator id="coal_of_plan" name={t('plan.day')} from={day} to={day + DAY} />
        <Indicator id="metres_driven" name={t('metres.day')} from={day} to={day + DAY} />
        <Indicator id="stop_minutes" name={t('stops.day')} from={day} to={day + DAY} />
        <Indicator id="coal_mined" name={t('coal.month')} from={month} to={day + DAY} />
        <Count name={t('belts')} roles={['belt.run']} />
      </Tile>
      <Alarms />
      <Tile title={t('gas')} to="map">
        <Highest roles={['ch4']} most={4} />
        <Highest roles={['co']} most={2} />
      </Tile>
      <Tile title={t('records')} to="cases">
        <AsRecorded />
        <Indicator id="days_safe" name={t('days')} from={month} to={day + DAY} />
        <Indicator id="hazard_open" name={t('hazards')} from={month} to={day + DAY} />
        <Indicator id="orders_done" name={t('orders')} from={month} to={day + DAY} />
        <Indicator id="equipment_available" name={t('available')} from={month} to={day + DAY} />
        <Indicator id="service_overdue" name={t('service')} from={month} to={day + DAY} />
      </Tile>
      <People />
      <Tile title={t('air')} to="map">
        <Count name={t('fan.main')} roles={['fan.main.run', 'fan.main.run-backup']} />
        <Sum name={t('fan.flow')} roles={['fan.main.flow']} digits={0} />
        <Highest roles={['pressure.fan']} most={2} />
        <Count name={t('fan.local')} roles={['fan.local.run']} />
      </Tile>
      <Tile title={t('power')} to="map">
        <Count name={t('feeds')} roles={['feed.state']} />
        <Sum name={t('load')} roles={['power.active']} digits={0} />
      </Tile>
      <Tile title={t('water')} to="map">
        <Highest roles={['water.level']} most={3} ofRange />
        <Count name={t('pumps')} roles={['pump.run']} />
        <Sum name={t('flow')} roles={['water.flow']} digits={1} />
      </Tile>
    </div>
  );
}
