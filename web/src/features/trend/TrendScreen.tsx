// SPDX-License-Identifier: Apache-2.0
/** Curves, bars and marks on one time axis, from a year to a second. */
import './trend.css';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { url } from '../../api/client';
import type { PointInfo } from '../../api/model';
import { can } from '../../api/session';
import { site } from '../../api/site';
import { world } from '../../api/world';
import { fullStamp, span } from '../../app/format';
import { nameOf, pick } from '../../app/i18n';
import { useKey } from '../../app/keys';
import { route, setQuery } from '../../app/router';
import { saveCsv } from '../../records/csv';
import { PointPicker } from '../../records/PointPicker';
import { useHeard } from '../../records/use';
import { Dialog } from '../../ui/Dialog';
import { download } from '../../ui/download';
import { SelectField, TextField } from '../../ui/Field';
import { toast } from '../../ui/Toast';
import { widthFor } from './fetching';
import { ForecastNote, useForecasts } from './forecast';
import { MARKS_SPAN_MS, type Mode, POINTS_MAX, Trend } from './model';
import { Plot, type PlotHandle } from './Plot';
import { Side, textOf } from './Side';
import { forget, lastShown, type SavedView, save, saved } from './saved';
import { cover, dots, stats } from './segments';
import { t } from './texts';

const DAY = 86_400_000;
const SPANS = [60, 600, 3600, 28800, 86400, 604800, 2592000, 31536000] as const;
const DEFAULT_SPAN = 8 * 3600_000;

/** Reads the address into a new trend. */
function fromRoute(): Trend {
  const q = route.peek().query;
  const trend = new Trend();
  trend.mode.value = q.mode === 'one' || q.mode === 'norm' ? q.mode : 'split';
  trend.compare.value = Number(q.cmp) * DAY || 0;
  if (q.x && Number(q.x)) trend.held.value = [Number(q.x)];
  const [from, to] = [Number(q.from), Number(q.to)];
  if (from && to > from) trend.view.value = { from, to, follow: false };
  else {
    const spanMs = Number(q.span) || DEFAULT_SPAN;
    const now = world.peek().now.peek();
    trend.view.value = { from: now - spanMs, to: now, follow: true };
  }
  const ids = q.points ? q.points.split(',') : lastShown.peek();
  trend.setPoints(ids);
  return trend;
}

/** Keeps the address up with what is shown, so that a copied link opens the same. */
function useAddress(trend: Trend): void {
  const ids = trend.points.value.map((p) => p.id);
  const { from, to, follow } = trend.view.value;
  const a = trend.held.value[0];
  const query: Record<string, string | null> = {
    points: ids.join(',') || null,
    from: follow ? null : String(Math.round(from)),
    to: follow ? null : String(Math.round(to)),
    span: follow ? String(Math.round(to - from)) : null,
    mode: trend.mode.value === 'split' ? null : trend.mode.value,
    cmp: trend.compare.value ? String(trend.compare.value / DAY) : null,
    x: a === undefined ? null : String(Math.round(a)),
  };
  const key = JSON.stringify(query);
  useEffect(() => {
    const timer = setTimeout(() => {
      lastShown.value = ids;
      if (route.peek().parts[0] !== 'trend') return;
      trend.addressed = ids.join(',');
      setQuery(query);
    }, 300);
    return () => clearTimeout(timer);
  }, [key]);
}

function useTrend(): Trend {
  const asked = route.value.query.points ?? '';
  const trend = useMemo(fromRoute, []);
  const w = world.value;
  useEffect(() => {
    const off = w.on('live', () => trend.hear());
    const clock = w.on('clock', () => trend.hear());
    return () => {
      off();
      clock();
    };
  }, [w, trend]);
  const first = useRef(true);
  useEffect(() => {
    if (!first.current) trend.turn();
    first.current = false;
  }, [w]);
  useEffect(() => () => trend.stop(), [trend]);
  // an action elsewhere may ask for other points while the screen stands
  useEffect(() => {
    if (asked === trend.addressed) return;
    const shown = trend.points.peek().map((p) => p.id);
    const ids = asked.split(',').filter(Boolean);
    if (ids.length && ids.join() !== shown.join()) {
      trend.setPoints(ids);
      const q = route.peek().query;
      const [from, to] = [Number(q.from), Number(q.to)];
      if (from && to > from) trend.show({ from, to, follow: false });
      if (Number(q.x)) trend.held.value = [Number(q.x)];
    }
  }, [asked, trend]);
  return trend;
}

function Views({ trend }: { trend: Trend }) {
  const [naming, setNaming] = useState<string | null>(null);
  const open = (v: SavedView | undefined) => {
    if (!v) return;
    trend.mode.value = v.mode;
    trend.hidden.value = new Set();
    trend.setPoints(v.points);
    trend.followNow(v.spanMs);
  };
  const ids = trend.points.value.map((p) => p.id).join();
  const current = saved.value.find((v) => v.points.join() === ids && v.mode === trend.mode.value);
  for (let n = 1; n <= 9; n++) {
    useKey(
      String(n),
      () => t('views.key', { n }),
      () => open(saved.value[n - 1]),
    );
  }
  return (
    <>
      <SelectField
        bare
        label={t('views')}
        value={current?.name ?? ''}
        options={[
          ...(current ? [] : [{ id: '', title: t('views.none') }]),
          ...saved.value.map((v, i) => ({
            id: v.name,
            title: `${i < 9 ? `${i + 1} ` : ''}${v.name}`,
          })),
        ]}
        onChange={(name) => open(saved.value.find((v) => v.name === name))}
      />
      {current ? (
        <button
          type="button"
          class="btn plain tiny"
          aria-label={t('views.delete', { name: current.name })}
          title={t('views.delete', { name: current.name })}
          onClick={() => forget(current.name)}
        >
          ✕
        </button>
      ) : (
        <button
          type="button"
          class="btn"
          disabled={trend.points.value.length === 0}
          onClick={() => setNaming('')}
        >
          {t('views.save')}
        </button>
      )}
      {naming !== null && (
        <Dialog title={t('views.save')} onClose={() => setNaming(null)}>
          <form
            class="stack"
            onSubmit={(e) => {
              e.preventDefault();
              const name = naming.trim();
              if (!name) return;
              const { from, to } = trend.view.value;
              save({
                name,
                points: trend.points.value.map((p) => p.id),
                mode: trend.mode.value,
                spanMs: to - from,
              });
              toast(t('views.saved', { name }));
              setNaming(null);
            }}
          >
            <TextField label={t('views.name')} value={naming} onInput={setNaming} required />
            <button type="submit" class="btn primary" disabled={!naming.trim()}>
              {t('views.save')}
            </button>
          </form>
        </Dialog>
      )}
    </>
  );
}

/** What is drawn, as rows: one a pixel column and point. */
function* shownRows(trend: Trend): Generator<(string | number)[]> {
  const { from, to } = trend.view.peek();
  const column = Math.max(1, widthFor(to - from, 1000) || 1);
  for (const p of trend.points.peek()) {
    for (const d of dots(cover(trend.segments(p), from, to), column)) {
      if (d.t < from || d.t > to) continue;
      yield [p.id, p.name, fullStamp(d.t), d.lo, d.mean, d.hi, site.peek().unitOf(p)];
    }
  }
}

function Exports({ trend, plot }: { trend: Trend; plot: { current: PlotHandle | null } }) {
  const { from, to } = trend.view.value;
  const list = trend.points.value;
  const none = list.length === 0;
  async function png() {
    const title = `${pick(site.value.site.name)} · ${fullStamp(from)} – ${fullStamp(to)}`;
    const lines = list.map((p) => {
      const s = stats(trend.segments(p), from, to);
      const figures = s.n
        ? `${textOf(p, s.min)} – ${textOf(p, s.mean)} – ${textOf(p, s.max)} ${site.value.unitOf(p)}`
        : t('gap');
      return `${p.id}  ${nameOf(p)}  (${t('least')} – ${t('mean')} – ${t('greatest')})  ${figures}`;
    });
    const blob = await plot.current?.png(title, lines);
    if (blob) download('trend.png', 'image/png', blob);
  }
  return (
    <>
      <button
        type="button"
        class="btn"
        disabled={none}
        onClick={() =>
          saveCsv(
            'trend',
            ['point', t('series'), t('time'), t('least'), t('mean'), t('greatest'), 'unit'],
            shownRows(trend),
          )
        }
      >
        {t('csv')}
      </button>
      {can('export') && !none && (
        <a
          class="btn"
          href={url('/export', {
            points: list.map((p) => p.id),
            from: Math.round(from),
            to: Math.round(to),
            format: 'csv',
          })}
          download
        >
          {t('csv.raw')}
        </a>
      )}
      <button type="button" class="btn" disabled={none} onClick={() => void png()}>
        {t('png')}
      </button>
    </>
  );
}

/** The point count and the aggregation, in words under the picture. */
function Note({ trend, drawn, px }: { trend: Trend; drawn: number; px: number }) {
  const { from, to } = trend.view.value;
  trend.version.value;
  const width = widthFor(to - from, px);
  const n = trend.points.value.reduce((sum, p) => sum + stats(trend.segments(p), from, to).n, 0);
  const how = width
    ? t('note.buckets', { width: width < 1000 ? `${width} ms` : span(width) })
    : t('note.raw');
  return (
    <p class="trend-note hint" role="status" aria-live="off">
      {t('note', { n: trend.points.value.length, span: span(to - from), how, drawn })} ·{' '}
      {t('note.samples', { n: n.toLocaleString() })}
      {trend.busy.value
        ? ` · ${t('note.reading')}`
        : trend.tookMs.value > 0 && ` · ${t('note.took', { ms: Math.round(trend.tookMs.value) })}`}
      {to - from > MARKS_SPAN_MS && ` · ${t('note.marks')}`}
    </p>
  );
}

/** Where the part begins that is as exact as the long history keeps it, or is not to be had. */
function OldNote({ trend }: { trend: Trend }) {
  const { from } = trend.view.value;
  trend.version.value;
  const parts = trend.points.value.flatMap((p) => trend.old.get(p.id) ?? []);
  const old = parts.filter((o) => o.before > from).sort((a, b) => b.before - a.before)[0];
  if (!old) return null;
  const away = parts.find((o) => o.before > from && o.away)?.away;
  return (
    <p class={away ? 'trend-old error' : 'trend-old hint'} role="status">
      {away
        ? t('old.away', { at: fullStamp(old.before), why: away })
        : t('old', { at: fullStamp(old.before), ms: old.resolution_ms, digits: old.digits })}
    </p>
  );
}

function Bar({ trend }: { trend: Trend }) {
  const { from, to, follow } = trend.view.value;
  const spanS = Math.round((to - from) / 1000);
  return (
    <div class="desk-bar">
      <span class="row" role="group" aria-label={t('span')}>
        {SPANS.map((s) => (
          <button
            key={s}
            type="button"
            class="btn plain"
            aria-pressed={follow && spanS === s}
            onClick={() => trend.followNow(s * 1000)}
          >
            {t(`span.${s}`)}
          </button>
        ))}
      </span>
      <button
        type="button"
        class="btn"
        disabled={!trend.canBack.value}
        onClick={() => trend.goBack()}
      >
        ↶ {t('back')}
      </button>
      <button type="button" class="btn" aria-pressed={follow} onClick={() => trend.followNow()}>
        {follow ? `● ${t('following')}` : `▶ ${t('follow')}`}
      </button>
      <span class="grow hint ellipsis" role="status">
        {follow ? '' : `${t('left')} · ${fullStamp(from)} – ${fullStamp(to)}`}
      </span>
    </div>
  );
}

export default function TrendScreen() {
  const trend = useTrend();
  useAddress(trend);
  useForecasts(trend);
  const plot = useRef<PlotHandle | null>(null);
  const [drawn, setDrawn] = useState(0);
  useHeard(['limit'], (o) => trend.forgetLimits(String(o.point)));
  const add = (p: PointInfo) => {
    if (trend.points.value.length >= POINTS_MAX) toast(t('max', { n: POINTS_MAX }));
    else trend.add(p);
  };
  return (
    <div class="desk trend">
      <div class="desk-head">
        <h1 class="sr">{t('title')}</h1>
        <Views trend={trend} />
        <PointPicker onPick={add} />
        <SelectField
          bare
          label={t('mode')}
          value={trend.mode.value}
          options={(['split', 'one', 'norm'] as const).map((m) => ({
            id: m,
            title: t(`mode.${m}`),
          }))}
          onChange={(m) => {
            trend.yZoom.clear();
            trend.mode.value = m as Mode;
          }}
        />
        <SelectField
          bare
          label={t('compare')}
          value={String(trend.compare.value / DAY)}
          options={(['0', '1', '7'] as const).map((d) => ({ id: d, title: t(`compare.${d}`) }))}
          onChange={(d) => trend.setCompare(Number(d) * DAY)}
        />
        <span class="grow" />
        <Exports trend={trend} plot={plot} />
      </div>
      <Bar trend={trend} />
      <div class="trend-body">
        {trend.points.value.length === 0 && <p class="trend-empty">{t('empty')}</p>}
        <div class="trend-main">
          <Plot trend={trend} onDrawn={setDrawn} handle={plot} />
          {trend.error.value && (
            <p class="error" role="alert">
              {trend.error.value}
            </p>
          )}
          <Note trend={trend} drawn={drawn} px={900} />
          <ForecastNote trend={trend} />
          <OldNote trend={trend} />
        </div>
        <Side trend={trend} />
      </div>
    </div>
  );
}
