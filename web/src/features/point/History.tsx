// SPDX-License-Identifier: Apache-2.0
/** Three small charts of one point: the hour, the day, the month before the shown moment. */
import type { HistorySeries, PointInfo } from '../../api/model';
import type { PointRecords } from '../../api/records';
import { world } from '../../api/world';
import { decimalsOf, hm, monthDay, num } from '../../app/format';
import { limitKind } from '../../records/Parts';
import { useRead } from '../../records/use';
import { Spark } from '../../ui/Spark';
import { limitsOf } from './Blocks';
import { t } from './texts';

const HOUR = 3600_000;
const SPANS = [
  ['hour', HOUR, 60_000],
  ['day', 24 * HOUR, 300_000],
  ['month', 30 * 24 * HOUR, 3600_000],
] as const;

function Mini({
  p,
  d,
  name,
  spanMs,
  every,
}: {
  p: PointInfo;
  d: PointRecords | null;
  name: 'hour' | 'day' | 'month';
  spanMs: number;
  every: number;
}) {
  const to = Math.ceil(world.value.now.value / every) * every;
  const from = to - spanMs;
  const read = useRead<{ points: HistorySeries[] }>(to > spanMs ? '/history' : null, {
    points: p.id,
    from,
    to,
    buckets: 240,
  });
  const s = read.data?.points[0];
  const known = (a: readonly (number | null)[] | undefined) =>
    (a ?? []).filter((v): v is number => typeof v === 'number');
  const lo = Math.min(...known(s?.min));
  const hi = Math.max(...known(s?.max));
  const dec = decimalsOf(p.resolution);
  const limits = d
    ? limitsOf(d).flatMap((l) => {
        const kind = limitKind(l.name);
        return kind ? [{ value: l.value, kind }] : [];
      })
    : [];
  const edge = (ms: number) => (name === 'month' ? monthDay(ms) : hm(ms));
  return (
    <a class="point-mini" href={`#/trend?points=${encodeURIComponent(p.id)}&span=${spanMs}`}>
      <span class="row">
        <b class="grow">{t(name)}</b>
        <span class="hint">{Number.isFinite(lo) ? `${num(lo, dec)} – ${num(hi, dec)}` : '–'}</span>
      </span>
      {s ? (
        <Spark
          label={`${t(name)} ${p.name}`}
          data={{ t: s.t, min: s.min ?? [], max: s.max ?? [], mean: s.mean ?? [] }}
          from={from}
          to={to}
          limits={limits}
        />
      ) : (
        <span class="spark" />
      )}
      <span class="row hint">
        <span class="grow">{edge(from)}</span>
        <span>{edge(to)}</span>
      </span>
    </a>
  );
}

export function History({ p, d }: { p: PointInfo; d: PointRecords | null }) {
  return (
    <div class="point-history">
      {SPANS.map(([name, spanMs, every]) => (
        <Mini key={name} p={p} d={d} name={name} spanMs={spanMs} every={every} />
      ))}
    </div>
  );
}
