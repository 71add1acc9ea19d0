// SPDX-License-Identifier: Apache-2.0
/** A loop that a station keeps by itself: set-point, measured value and output on one time axis. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { api } from '../../api/client';
import { limitsInForce } from '../../api/limits';
import type { HistorySeries, LimitInfo, PointDetail, PointInfo } from '../../api/model';
import { site } from '../../api/site';
import { decimalsOf, num } from '../../app/format';
import { lang, nameOf } from '../../app/i18n';
import { limitName } from '../../records/Parts';
import type { Chart, ChartLimit } from '../../ui/chart';
import { sparkLimits } from '../../ui/MiniTrend';
import { columnsOf } from './loop';
import { t } from './texts';
import { useHistory } from './useHistory';

const HOUR = 3_600_000;
const SPANS = [1, 4, 24] as const;
const BUCKETS = 720;
const HEIGHT = 240;

export interface LoopPoints {
  set: PointInfo;
  value: PointInfo;
  out?: PointInfo | undefined;
}

function useLimits({ id, resolution }: PointInfo): ChartLimit[] {
  const [got, set] = useState<LimitInfo[]>([]);
  useEffect(() => {
    let gone = false;
    api.get<PointDetail>(`/points/${encodeURIComponent(id)}`).then(
      (d) => !gone && set(limitsInForce(d)),
      () => undefined,
    );
    return () => {
      gone = true;
    };
  }, [id]);
  return useMemo(
    () =>
      sparkLimits(got).map((l) => ({
        ...l,
        label: `${limitName(l.name ?? l.kind)} ${num(l.value, decimalsOf(resolution))}`,
      })),
    [got, lang.value],
  );
}

const onOwnScale = ({ value, out }: LoopPoints) =>
  !!out &&
  (out.kind === 'switch' || site.value.unitOf(out) !== site.value.unitOf(value) || !!out.range);

function seriesOf(p: LoopPoints) {
  const one = (x: PointInfo, more: object) => ({
    label: nameOf(x),
    unit: site.value.unitOf(x),
    ...more,
  });
  return [
    one(p.set, { dash: [8, 4], color: '--text2' }),
    one(p.value, { width: 2, color: '--series-1', band: [4, 5] as [number, number] }),
    ...(p.out
      ? [one(p.out, { dash: [2, 3], color: '--series-4', scale: onOwnScale(p) ? 'out' : 'y' })]
      : []),
  ];
}

/** Limits and set-point are always in the picture; an output shows its whole range. */
function leastOf(p: LoopPoints, limits: readonly ChartLimit[]): Record<string, [number, number]> {
  const v = limits.map((l) => l.value);
  const y: [number, number] | undefined = v.length
    ? [Math.min(...v), Math.max(...v)]
    : (p.set.range ?? undefined);
  const out = p.out?.range ?? [0, 1];
  return { ...(y ? { y } : {}), ...(onOwnScale(p) ? { out } : {}) };
}

function Plot({
  p,
  series,
  limits,
}: {
  p: LoopPoints;
  series: readonly HistorySeries[];
  limits: ChartLimit[];
}) {
  const box = useRef<HTMLDivElement>(null);
  const drawn = useRef<Chart | null>(null);
  const data = columnsOf(series, p.out ? 3 : 2);
  const latest = useRef(data);
  latest.current = data;
  useEffect(() => {
    let gone = false;
    void import('../../ui/chart').then(({ chart }) => {
      if (gone || !box.current) return;
      drawn.current = chart(box.current, {
        data: latest.current,
        series: seriesOf(p),
        limits,
        least: leastOf(p, limits),
        height: HEIGHT,
      });
    });
    return () => {
      gone = true;
      drawn.current?.destroy();
      drawn.current = null;
    };
  }, [p.set.id, p.value.id, limits]);
  useEffect(() => drawn.current?.setData(data), [series]);
  return <div ref={box} class="plant-loop-plot" role="img" aria-label={t('loop.drawing')} />;
}

export function Loop({ points: p }: { points: LoopPoints }) {
  const [span, setSpan] = useState<number>(1);
  const ids = [p.set.id, p.value.id, ...(p.out ? [p.out.id] : [])];
  const series = useHistory(ids, span * HOUR, BUCKETS);
  const limits = useLimits(p.value);
  const full = series.length === ids.length;
  return (
    <section class="plant-loop" aria-label={t('loop.drawing')}>
      <p class="row wrap">
        <Key mark="set" p={p.set} />
        <Key mark="value" p={p.value} />
        {p.out && <Key mark="out" p={p.out} right={onOwnScale(p)} />}
        <span class="grow" />
        {SPANS.map((n) => (
          <button
            key={n}
            type="button"
            class="btn plain tiny-btn"
            aria-pressed={n === span}
            onClick={() => setSpan(n)}
          >
            {t('loop.hours', { n })}
          </button>
        ))}
      </p>
      {full ? (
        <Plot p={p} series={series} limits={limits} />
      ) : (
        <p class="hint plant-loop-plot">{t('loop.waiting')}</p>
      )}
    </section>
  );
}

/** What a line is, drawn as it is. */
function Key({ mark, p, right }: { mark: 'set' | 'value' | 'out'; p: PointInfo; right?: boolean }) {
  const unit = site.value.unitOf(p);
  return (
    <span class="plant-key">
      <svg width="28" height="10" aria-hidden="true">
        <line class={`loop-${mark}`} x1="0" x2="28" y1="5" y2="5" />
      </svg>
      {t(`loop.${mark}`)}
      {unit && <span class="hint"> {unit}</span>}
      {right && <span class="hint"> {t('loop.right')}</span>}
    </span>
  );
}
