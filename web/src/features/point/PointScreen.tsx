// SPDX-License-Identifier: Apache-2.0
import './point.css';
import { useEffect } from 'preact/hooks';
import type { PointInfo } from '../../api/model';
import { gradeOf } from '../../api/points';
import type { PointRecords } from '../../api/records';
import { can } from '../../api/session';
import { site } from '../../api/site';
import { live, world } from '../../api/world';
import { age, fullStamp } from '../../app/format';
import { nameOf, pick } from '../../app/i18n';
import { go, route } from '../../app/router';
import { flyTo, point, select } from '../../app/selection';
import { type AskSpec, useAsk } from '../../records/Ask';
import { Waiting } from '../../records/Parts';
import { PointPicker } from '../../records/PointPicker';
import { useHeard, useRead } from '../../records/use';
import { QualityMark, qualityWord, valueText } from '../../ui/Value';
import { Alarms, Block, Calibrations, Events, Limits, Manual, Power, Rules, Tests } from './Blocks';
import { History } from './History';
import { t } from './texts';

function Big({ p }: { p: PointInfo }) {
  const w = world.value;
  const r = w.points.at(p.i).value;
  const lost = w === live && live.link.value === 'down';
  return (
    <div class={`point-big value ${lost ? 'bad' : gradeOf(r.q)}`}>
      <span class="v">
        {valueText(p, r)}
        {lost && '?'}
      </span>
      <span class="unit">{site.value.unitOf(p)}</span>
      <span class="point-quality">
        {qualityWord(r.q)} <QualityMark q={r.q} />
        <br />
        <span class="hint">
          {r.t ? t('age', { age: age(w.now.value - r.t), at: fullStamp(r.t) }) : t('nodata')}
        </span>
      </span>
    </div>
  );
}

function Facts({ p }: { p: PointInfo }) {
  const s = site.value;
  const unit = s.unitOf(p);
  const known = p.range?.every((v) => typeof v === 'number');
  return (
    <dl class="kv">
      <dt>{t('id')}</dt>
      <dd>{p.id}</dd>
      <dt>{t('role')}</dt>
      <dd>
        {s.shortOf(p)} · {pick(s.roleOf(p)?.title)}{' '}
        {p.cutoff && <div class="hint">{t('cutoff')}</div>}
      </dd>
      <dt>{t('place')}</dt>
      <dd>{s.placeName(p.place)}</dd>
      {known && (
        <>
          <dt>{t('range')}</dt>
          <dd>
            {p.range![0]} – {p.range![1]} {unit}
          </dd>
        </>
      )}
      {p.kind === 'analog' && (
        <>
          <dt>{t('resolution')}</dt>
          <dd>
            {p.resolution} {unit}
          </dd>
        </>
      )}
      {p.link && (
        <>
          <dt>{t('link')}</dt>
          <dd>
            {p.link} {p.address}
          </dd>
        </>
      )}
    </dl>
  );
}

interface RecordsProps {
  p: PointInfo;
  d: PointRecords;
  ask: (s: AskSpec) => void;
}

function Records({ p, d, ask }: RecordsProps) {
  return (
    <div class="point-blocks">
      {p.kind === 'analog' && <Limits p={p} d={d} ask={ask} />}
      <Power p={p} d={d} />
      <Alarms p={p} />
      <Calibrations p={p} d={d} ask={ask} />
      <Tests p={p} d={d} ask={ask} />
      <Manual p={p} d={d} ask={ask} />
      <Rules d={d} />
      <Block title={t('facts')}>
        <Facts p={p} />
      </Block>
      <Events p={p} />
    </div>
  );
}

function Page({ p }: { p: PointInfo }) {
  const read = useRead<PointRecords>(`/points/${encodeURIComponent(p.id)}`);
  const [ask, dialog] = useAsk();
  useHeard(['limit', 'calibration', 'test', 'note', 'tag', 'verdict'], read.again);
  useEffect(() => select(point(p.id)), [p.id]);
  const again = (s: AskSpec) =>
    ask({
      ...s,
      done: (v) => {
        s.done?.(v);
        read.again();
      },
    });
  return (
    <div class="page point-page">
      <div class="row wrap">
        <h1>{nameOf(p)}</h1>
        <span class="hint grow">
          {site.value.shortOf(p)} · {p.id} · {site.value.placeName(p.place)}
        </span>
        <PointPicker label={t('choose')} onPick={(o) => go(['point', o.id])} />
        {can('history.read') && (
          <a class="btn" href={`#/trend?points=${encodeURIComponent(p.id)}`}>
            {t('trend')}
          </a>
        )}
        <button
          type="button"
          class="btn"
          onClick={() => {
            go(['map']);
            flyTo.value = point(p.id);
          }}
        >
          {t('map')}
        </button>
      </div>
      <div class="point-top">
        <Big p={p} />
        {p.kind === 'analog' && can('history.read') && <History p={p} d={read.data} />}
      </div>
      <Waiting read={read}>{read.data && <Records p={p} d={read.data} ask={again} />}</Waiting>
      {dialog}
    </div>
  );
}

export default function PointScreen() {
  const id = route.value.parts[1];
  const p = id ? site.value.pointById.get(id) : undefined;
  if (p) return <Page key={p.id} p={p} />;
  return (
    <div class="page">
      <h1>{id ? t('unknown', { id }) : t('title')}</h1>
      <PointPicker label={t('choose')} onPick={(o) => go(['point', o.id])} />
    </div>
  );
}
