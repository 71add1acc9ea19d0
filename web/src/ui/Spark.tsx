// SPDX-License-Identifier: Apache-2.0
/** A mini trend as SVG: min–max band with the mean as a line, gaps as gaps, limits dashed. */
export interface SparkData {
  t: readonly number[];
  min: readonly (number | null)[];
  max: readonly (number | null)[];
  mean: readonly (number | null)[];
}

export interface SparkLimit {
  value: number;
  kind: 'alarm' | 'cut' | 'restore';
  /** "low_alarm": which side of the band it is on. */
  name?: string;
}

const W = 300;
const H = 48;

interface SparkProps {
  data: SparkData;
  from: number;
  to: number;
  limits?: readonly SparkLimit[];
  label: string;
}

function extent(data: SparkData, limits: readonly SparkLimit[]): [number, number] {
  let lo = Infinity;
  let hi = -Infinity;
  for (const v of data.min) if (v !== null && v < lo) lo = v;
  for (const v of data.max) if (v !== null && v > hi) hi = v;
  for (const l of limits) {
    if (l.value > hi && l.value - hi < (hi - lo || 1) * 3) hi = l.value;
  }
  if (!(hi > lo)) return [Number.isFinite(lo) ? lo - 1 : 0, Number.isFinite(hi) ? hi + 1 : 1];
  const pad = (hi - lo) * 0.06;
  return [lo - pad, hi + pad];
}

export function Spark({ data, from, to, limits = [], label }: SparkProps) {
  const [lo, hi] = extent(data, limits);
  const x = (t: number) => ((t - from) / (to - from)) * W;
  const y = (v: number) => H - ((v - lo) / (hi - lo)) * H;
  let line = '';
  let band = '';
  let pen = false;
  data.t.forEach((t, i) => {
    const [m, a, b] = [data.mean[i], data.min[i], data.max[i]];
    if (m === null || m === undefined) {
      pen = false;
      return;
    }
    line += `${pen ? 'L' : 'M'}${x(t).toFixed(1)} ${y(m).toFixed(1)}`;
    if (a !== null && a !== undefined && b !== null && b !== undefined) {
      band += `M${x(t).toFixed(1)} ${y(a).toFixed(1)}V${(y(b) - 0.01).toFixed(1)}`;
    }
    pen = true;
  });
  return (
    <svg
      class="spark"
      viewBox={`0 0 ${W} ${H}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      <path d={band} class="spark-band" />
      {limits.map((l) => (
        <line
          key={`${l.kind}${l.value}`}
          class={`limit-${l.kind}`}
          x1="0"
          x2={W}
          y1={y(l.value)}
          y2={y(l.value)}
        />
      ))}
      <path d={line} class="spark-line" />
    </svg>
  );
}
