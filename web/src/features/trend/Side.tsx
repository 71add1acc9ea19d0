// SPDX-License-Identifier: Apache-2.0
/** The numbers beside the picture: values at the cross-hair, figures of the view, Δ between A and B. */
import type { PointInfo } from '../../api/model';
import { can } from '../../api/session';
import { site } from '../../api/site';
import { showPast } from '../../api/world';
import { decimalsOf, fullStamp, num, span } from '../../app/format';
import { nameOf } from '../../app/i18n';
import { point, select } from '../../app/selection';
import { QualityMark } from '../../ui/Value';
import { styleOf } from './draw';
import type { Trend } from './model';
import { entryAt, stats } from './segments';
import { t } from './texts';

const isBar = (p: PointInfo) => p.kind === 'switch' || p.kind === 'output';

export function textOf(p: PointInfo, v: number): string {
  return isBar(p) ? site.value.word(p, v >= 0.5 ? 1 : 0) : num(v, decimalsOf(p.resolution));
}

function Swatch({ trend, p }: { trend: Trend; p: PointInfo }) {
  if (isBar(p))
    return (
      <span class="mark" aria-hidden="true">
        ▭
      </span>
    );
  const s = styleOf(trend, p);
  return (
    <svg class="swatch" viewBox="0 0 26 8" aria-hidden="true">
      <path
        d="M0 4H26"
        class={`s${(s.index % 4) + 1}`}
        stroke-dasharray={s.dash.join(' ') || undefined}
      />
    </svg>
  );
}

function Value({ trend, p, at }: { trend: Trend; p: PointInfo; at: number }) {
  trend.version.value;
  const e = entryAt(trend.segments(p), at);
  if (!e) return <span class="hint">{t('gap')}</span>;
  const band = e.width > 0 && e.hi !== e.lo && !isBar(p);
  return (
    <>
      <b>{textOf(p, e.v)}</b> <span class="hint">{site.value.unitOf(p)}</span>{' '}
      <QualityMark q={e.quality} />
      {band && (
        <div class="hint band">
          {textOf(p, e.lo)} – {textOf(p, e.hi)}
        </div>
      )}
    </>
  );
}

function Row({ trend, p, at }: { trend: Trend; p: PointInfo; at: number }) {
  const hidden = trend.hidden.value.has(p.id);
  const name = nameOf(p);
  return (
    <tr>
      <td>
        <input
          type="checkbox"
          aria-label={t('hide', { name })}
          checked={!hidden}
          onChange={() => {
            const next = new Set(trend.hidden.value);
            if (hidden) next.delete(p.id);
            else next.add(p.id);
            trend.hidden.value = next;
          }}
        />
        <Swatch trend={trend} p={p} />
      </td>
      <th scope="row">
        <button type="button" class="btn plain inline" onClick={() => select(point(p.id))}>
          {name}
        </button>
      </th>
      <td class="num">
        <Value trend={trend} p={p} at={at} />
      </td>
      <td>
        <button
          type="button"
          class="btn plain tiny"
          aria-label={t('remove', { name })}
          onClick={() => trend.remove(p.id)}
        >
          ✕
        </button>
      </td>
    </tr>
  );
}

function Figures({ trend, from, to }: { trend: Trend; from: number; to: number }) {
  trend.version.value;
  const list = trend.points.value.filter((p) => !isBar(p));
  if (list.length === 0) return null;
  return (
    <table class="trend-figures wide-table">
      <thead>
        <tr>
          <th scope="col">{t('series')}</th>
          <th scope="col" class="num">
            {t('least')}
          </th>
          <th scope="col" class="num">
            {t('mean')}
          </th>
          <th scope="col" class="num">
            {t('greatest')}
          </th>
        </tr>
      </thead>
      <tbody>
        {list.map((p) => {
          const s = stats(trend.segments(p), from, to);
          return (
            <tr key={p.id}>
              <th scope="row" class="ellipsis" title={nameOf(p)}>
                <Swatch trend={trend} p={p} /> {site.value.shortOf(p)}
              </th>
              {[s.min, s.mean, s.max].map((v, i) => (
                <td key={i} class="num">
                  {s.n ? textOf(p, v) : '–'}
                </td>
              ))}
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function Delta({ trend, a, b }: { trend: Trend; a: number; b: number }) {
  trend.version.value;
  const ms = b - a;
  return (
    <section class="stack">
      <h3>
        {t('delta')} {ms < 0 ? '−' : ''}
        {span(Math.abs(ms))}
      </h3>
      <table class="wide-table">
        <tbody>
          {trend.points.value
            .filter((p) => !isBar(p))
            .map((p) => {
              const [x, y] = [entryAt(trend.segments(p), a), entryAt(trend.segments(p), b)];
              const d = x && y ? y.v - x.v : Number.NaN;
              const sign = d > 0 ? '+' : '';
              const places = decimalsOf(p.resolution);
              return (
                <tr key={p.id}>
                  <th scope="row">{site.value.shortOf(p)}</th>
                  <td class="num">
                    {Number.isNaN(d) ? '–' : `${sign}${num(d, places)}`}{' '}
                    <span class="hint">{site.value.unitOf(p)}</span>
                  </td>
                  <td class="num hint">
                    {Number.isNaN(d) || !ms
                      ? ''
                      : `${sign}${num((d / ms) * 60_000, places + 1)} ${t('slope')}`}
                  </td>
                </tr>
              );
            })}
        </tbody>
      </table>
    </section>
  );
}

export function Side({ trend }: { trend: Trend }) {
  trend.version.value;
  const view = trend.view.value;
  const held = trend.held.value;
  const at = trend.hover.value ?? held[held.length - 1] ?? Math.min(view.to, trend.now());
  const [a, b] = held;
  const words = trend.points.value
    .map((p) => {
      const e = entryAt(trend.segments(p), at);
      return `${nameOf(p)} ${e ? `${textOf(p, e.v)} ${site.value.unitOf(p)}` : t('gap')}`;
    })
    .join('; ');
  return (
    <aside class="trend-side" aria-label={t('series')}>
      <div class="row">
        <b class="grow">
          {t(a === undefined ? 'cursor' : 'locked')} {fullStamp(at)}
        </b>
        {a !== undefined && (
          <button type="button" class="btn plain" onClick={() => (trend.held.value = [])}>
            {t('unlock')}
          </button>
        )}
      </div>
      <table class="wide-table trend-values" aria-label={t('value')}>
        <tbody>
          {trend.points.value.map((p) => (
            <Row key={p.id} trend={trend} p={p} at={at} />
          ))}
        </tbody>
      </table>
      {a !== undefined && b !== undefined && <Delta trend={trend} a={a} b={b} />}
      {a !== undefined && can('history.read') && (
        <button type="button" class="btn" onClick={() => void showPast(a, false)}>
          {t('replay')}
        </button>
      )}
      <Figures
        trend={trend}
        from={b === undefined ? view.from : Math.min(a!, b)}
        to={b === undefined ? view.to : Math.max(a!, b)}
      />
      <p class="sr" aria-live="polite">
        {held.length > 0 ? `${fullStamp(at)}: ${words}` : ''}
      </p>
      {a === undefined && <p class="hint">{t('cursor.none')}</p>}
    </aside>
  );
}
