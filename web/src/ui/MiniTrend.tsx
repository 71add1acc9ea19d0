// SPDX-License-Identifier: Apache-2.0
/** The last hour of a point before the shown moment, with its limits; read anew once a minute. */
import { useEffect, useState } from 'preact/hooks';
import { api } from '../api/client';
import type { HistorySeries, LimitInfo, PointInfo } from '../api/model';
import { world } from '../api/world';
import { hm } from '../app/format';
import { Spark, type SparkLimit } from './Spark';

const HOUR = 3600_000;
const KINDS: Record<string, SparkLimit['kind']> = {
  alarm: 'alarm',
  cut: 'cut',
  restore: 'restore',
  low_alarm: 'alarm',
  low_cut: 'cut',
  low_restore: 'restore',
};

export function sparkLimits(limits: readonly LimitInfo[] | undefined): SparkLimit[] {
  return (limits ?? []).flatMap((l) => {
    const kind = KINDS[l.name];
    return kind ? [{ value: l.value, kind, name: l.name }] : [];
  });
}

interface Props {
  point: PointInfo;
  label: string;
  limits?: readonly LimitInfo[] | undefined;
}

export function MiniTrend({ point, label, limits }: Props) {
  const now = world.value.now.value;
  const minute = Math.floor(now / 60_000);
  const [series, setSeries] = useState<{ s: HistorySeries; from: number; to: number } | null>(null);
  // asked once a minute
  useEffect(() => {
    if (!minute) return;
    let gone = false;
    const to = Math.round(now);
    api
      .get<{ points: HistorySeries[] }>('/history', {
        points: point.id,
        from: to - HOUR,
        to,
        buckets: 150,
      })
      .then((r) => !gone && r.points[0] && setSeries({ s: r.points[0], from: to - HOUR, to }))
      .catch(() => undefined);
    return () => {
      gone = true;
    };
  }, [point.id, minute, world.value]);
  if (!series) return <div class="spark" />;
  const { s, from, to } = series;
  return (
    <figure class="minitrend">
      <Spark
        label={`${label} ${point.name}`}
        data={{ t: s.t, min: s.min ?? [], max: s.max ?? [], mean: s.mean ?? s.last ?? [] }}
        from={from}
        to={to}
        limits={sparkLimits(limits)}
      />
      <figcaption class="row hint">
        <span class="grow">{hm(from)}</span>
        <span>{label}</span>
        <span class="grow num">{hm(to)}</span>
      </figcaption>
    </figure>
  );
}
