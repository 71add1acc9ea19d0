// SPDX-License-Identifier: Apache-2.0
/** Value with unit, age and quality; trend, limits, alarms, power side, records, commands, links. */
import { useEffect, useState } from 'preact/hooks';
import { api } from '../../api/client';
import { limitsInForce } from '../../api/limits';
import type { LimitInfo, PointDetail, PointInfo, Source } from '../../api/model';
import { gradeOf } from '../../api/points';
import { site } from '../../api/site';
import { live, lost, world } from '../../api/world';
import { age, decimalsOf, fullStamp, num, stamp } from '../../app/format';
import { nameOf, pick } from '../../app/i18n';
import { alarm, place, point, select, type Target } from '../../app/selection';
import { MiniTrend } from '../../ui/MiniTrend';
import { AlarmTag, stateWord } from '../../ui/Tag';
import { QualityMark, qualityWord, Value, valueText } from '../../ui/Value';
import { CardActions, CardHead, CardSections } from './CardHead';
import { CalibrationButtons, ManualButtons, NoteButton } from './Dialogs';
import { OutputBlock } from './OutputBlock';
import { t } from './texts';

export function useDetail(id: string): { d: PointDetail | null; again: () => void } {
  const [d, setD] = useState<PointDetail | null>(null);
  const [round, setRound] = useState(0);
  // read anew when a round starts
  useEffect(() => {
    let gone = false;
    api.get<PointDetail>(`/points/${encodeURIComponent(id)}`).then(
      (x) => !gone && setD(x),
      () => !gone && setD(null),
    );
    return () => {
      gone = true;
    };
  }, [id, round]);
  useEffect(() => {
    const hear = (o: unknown) => {
      if ((o as { point?: string }).point === id) setRound((n) => n + 1);
    };
    const off = ['limit', 'calibration', 'note', 'tag'].map((type) => live.on(type, hear));
    return () => {
      for (const f of off) f();
    };
  }, [id]);
  return { d: d?.id === id ? d : null, again: () => setRound((n) => n + 1) };
}

function Big({ p }: { p: PointInfo }) {
  const w = world.value;
  const r = w.points.at(p.i).value;
  const old = w === live && lost.value;
  const grade = old ? 'bad' : gradeOf(r.q);
  return (
    <div class={`object-big value ${grade}`}>
      <span class="v">
        {valueText(p, r)}
        {old && '?'}
      </span>
      <span class="unit">{site.value.unitOf(p)}</span>
      <span class="object-age">
        {qualityWord(r.q)} <QualityMark q={r.q} />
        <br />
        <span title={r.t ? fullStamp(r.t) : ''}>
          {r.t ? t('ago', { age: age(w.now.value - r.t) }) : '–'}
        </span>
      </span>
    </div>
  );
}

function limitName(name: string): string {
  return t(`limit.${name}` as Parameters<typeof t>[0]);
}

function sourceText(s: Source | undefined): string {
  if (!s?.standard) return '';
  const mark = s.verified === undefined ? '' : ` (${t(s.verified ? 'verified' : 'unverified')})`;
  return `${s.standard} ${s.clause ?? ''}${mark}`;
}

function Limits({ p, limits }: { p: PointInfo; limits: readonly LimitInfo[] }) {
  if (limits.length === 0) return null;
  const dec = decimalsOf(p.resolution);
  const changed = limits.some((l) => l.by);
  const sources = new Set(limits.map((l) => sourceText(l.source)).filter(Boolean));
  return (
    <section>
      <h3>{t('limits')}</h3>
      <table class="wide-table">
        <tbody>
          {limits.map((l) => (
            <tr key={l.name}>
              <th scope="row">{limitName(l.name)}</th>
              <td class="num">
                {num(l.value, dec)} {site.value.unitOf(p)}
              </td>
              {changed && <td class="hint">{l.by ? t('limit.by', { by: l.by }) : ''}</td>}
            </tr>
          ))}
        </tbody>
      </table>
      {[...sources].map((x) => (
        <p key={x} class="hint">
          {x}
        </p>
      ))}
    </section>
  );
}

function Alarms({ p }: { p: PointInfo }) {
  const list = world.value.alarms.list.value.filter((a) => a.point === p.id);
  return (
    <section>
      <h3>
        {t('alarms')} {list.length === 0 && <span class="hint">{t('none')}</span>}
      </h3>
      <ul>
        {list.map((a) => (
          <li key={a.id}>
            <button type="button" class="object-line" onClick={() => select(alarm(a.id))}>
              <AlarmTag alarm={a} />
              <span class="grow">{site.value.alarmTitle(a)}</span>
              <span class="hint">
                {stateWord(a.state)} {stamp(a.raised)}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Others({ title, ids }: { title: string; ids: readonly string[] | undefined }) {
  const list = (ids ?? []).map((id) => site.value.pointById.get(id)).filter((x) => x !== undefined);
  if (list.length === 0) return null;
  return (
    <section>
      <h3>{title}</h3>
      <ul>
        {list.map((x) => (
          <li key={x.id}>
            <button type="button" class="object-line" onClick={() => select(point(x.id))}>
              <span class="grow ellipsis">{nameOf(x)}</span>
              <Value point={x} />
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Facts({ p }: { p: PointInfo }) {
  const s = site.value;
  return (
    <dl class="kv">
      <dt>{t('role')}</dt>
      <dd>
        {pick(s.roleOf(p)?.title) || p.role} {p.cutoff && <span class="mark">{t('cutoff')}</span>}
      </dd>
      <dt>{t('place')}</dt>
      <dd>
        <button type="button" class="btn plain inline" onClick={() => select(place(p.place))}>
          {s.placeName(p.place)}
        </button>
      </dd>
      {p.range && p.kind === 'analog' && (
        <>
          <dt>{t('range')}</dt>
          <dd>
            {p.range[0]} – {p.range[1]} {s.unitOf(p)}
          </dd>
        </>
      )}
      {p.link && (
        <>
          <dt>{t('link')}</dt>
          <dd class="hint">
            {p.link} {p.address}
          </dd>
        </>
      )}
    </dl>
  );
}

export default function PointCard({ target }: { target: Target }) {
  const p = site.value.pointById.get(target.id);
  const { d, again } = useDetail(target.id);
  if (!p) return <p class="pad">{t('unknown', { id: target.id })}</p>;
  const limits = limitsInForce(d);
  const manual = d?.manual?.[0];
  return (
    <article class="object">
      <CardHead title={nameOf(p)} sub={`${site.value.shortOf(p)} · ${p.id}`} />
      <Big p={p} />
      {manual && (
        <p class="error">
          {t('manual', { value: manual.value, by: manual.by, reason: manual.reason ?? '' })}
        </p>
      )}
      {(p.kind === 'output' || p.set) && <OutputBlock p={p} />}
      <CardActions target={target}>
        <NoteButton target={target} />
        {d && <CalibrationButtons d={d} again={again} />}
        {d && <ManualButtons d={d} again={again} />}
      </CardActions>
      {p.kind === 'analog' && <MiniTrend point={p} label={t('trend')} limits={limits} />}
      <Limits p={p} limits={limits} />
      <Alarms p={p} />
      <Others title={t('switches')} ids={d?.cuts} />
      <Facts p={p} />
      {!!d?.limits?.length && (
        <section>
          <h3>{t('changes')}</h3>
          <ul>
            {d.limits.slice(-6).map((c) => (
              <li key={c.id}>
                {c.at && <time class="hint">{stamp(c.at)}</time>} {limitName(c.name)}{' '}
                {c.before ?? ''} → {c.value} · {c.by} {c.second} {c.reason}
              </li>
            ))}
          </ul>
        </section>
      )}
      <CardSections target={target} />
    </article>
  );
}
