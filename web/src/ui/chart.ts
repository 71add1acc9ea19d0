// SPDX-License-Identifier: Apache-2.0
/**
 * The only door to uPlot. `chart(el, spec)` draws curves with min–max bands and limit lines, keeps
 * the size of its box, follows the theme, and shares one cross-hair among charts of one `group`.
 */
import { effect } from '@preact/signals';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { siteOffset } from '../app/format';
import { theme } from '../app/prefs';

export interface ChartSeries {
  label: string;
  unit?: string;
  /** Column of the data that holds it. */
  dash?: number[];
  width?: number;
  /** "--series-2": a token's name; default by place. */
  color?: string;
  /** Columns (1-based, as in data) of the band's min and max around this series. */
  band?: [number, number];
  scale?: string;
  show?: boolean;
  points?: boolean;
  decimals?: number;
}

export interface ChartLimit {
  value: number;
  kind: 'alarm' | 'cut' | 'restore';
  label: string;
  scale?: string;
}

export interface ChartSpec {
  /** t in ms, then one column a series. null = gap. */
  data: (number | null)[][];
  series: ChartSeries[];
  limits?: ChartLimit[];
  /** What a scale shows at least, so that noise about a steady value does not fill it. */
  least?: Record<string, [number, number]>;
  group?: string;
  height?: number;
  legend?: boolean;
  onZoom?: (from: number, to: number) => void;
  onCursor?: (index: number | null, t: number | null) => void;
}

export interface Chart {
  setData(data: (number | null)[][], keepScale?: boolean): void;
  setRange(from: number, to: number): void;
  setLimits(limits: ChartLimit[]): void;
  destroy(): void;
  readonly u: uPlot;
}

const DASHES: number[][] = [[], [8, 4], [2, 3], [10, 3, 2, 3]];

export function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function seconds(data: (number | null)[][]): uPlot.AlignedData {
  const [t = [], ...rest] = data;
  return [t.map((v) => (v ?? 0) / 1000), ...rest] as uPlot.AlignedData;
}

function limitsPlugin(get: () => readonly ChartLimit[]): uPlot.Plugin {
  return {
    hooks: {
      draw: (u) => {
        const c = u.ctx;
        const { left, top, width, height } = u.bbox;
        c.save();
        c.font = `${11 * devicePixelRatio}px sans-serif`;
        for (const l of get()) {
          const y = u.valToPos(l.value, l.scale ?? 'y', true);
          if (y < top || y > top + height) continue;
          c.strokeStyle = c.fillStyle = token(`--limit-${l.kind}`);
          c.lineWidth = 1.3 * devicePixelRatio;
          c.setLineDash([7 * devicePixelRatio, 5 * devicePixelRatio]);
          c.beginPath();
          c.moveTo(left, y);
          c.lineTo(left + width, y);
          c.stroke();
          c.textAlign = 'right';
          c.fillText(l.label, left + width - 4, y - 4);
        }
        c.restore();
      },
    },
  };
}

/** A band is drawn as columns of min–max, so that one bad second shows in a month. */
function bandPlugin(series: readonly ChartSeries[]): uPlot.Plugin {
  return {
    hooks: {
      drawSeries: (u, si) => {
        const s = series[si - 1];
        if (!s?.band || !u.series[si]!.show) return;
        const [lo, hi] = [u.data[s.band[0]]!, u.data[s.band[1]]!];
        const xs = u.data[0];
        const c = u.ctx;
        const [i0, i1] = u.series[0]!.idxs ?? [0, xs.length - 1];
        c.save();
        c.beginPath();
        c.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
        c.clip();
        c.beginPath();
        for (let i = i0; i <= i1; i++) {
          const [a, b] = [lo[i], hi[i]];
          if (a === null || a === undefined || b === null || b === undefined) continue;
          const x = u.valToPos(xs[i]!, 'x', true);
          c.moveTo(x, u.valToPos(a, s.scale ?? 'y', true));
          c.lineTo(x, u.valToPos(b, s.scale ?? 'y', true) - 0.5);
        }
        c.globalAlpha = 0.35;
        c.lineWidth = Math.max(1, u.bbox.width / Math.max(1, i1 - i0 + 1));
        c.strokeStyle = token(s.color ?? `--series-${((si - 1) % 4) + 1}`);
        c.stroke();
        c.restore();
      },
    },
  };
}

function options(
  spec: ChartSpec,
  limits: () => readonly ChartLimit[],
  width: number,
): uPlot.Options {
  const scales = [...new Set(spec.series.map((s) => s.scale ?? 'y'))];
  const grid = { stroke: () => token('--rule'), width: 1 };
  const axis = {
    stroke: () => token('--text2'),
    grid,
    ticks: grid,
    font: '12px system-ui, sans-serif',
  };
  return {
    width: Math.max(40, width),
    height: spec.height ?? 220,
    legend: { show: spec.legend ?? false },
    scales: Object.fromEntries(
      Object.entries(spec.least ?? {}).map(([key, [lo, hi]]) => [
        key,
        {
          range: (_: uPlot, min: number | null, max: number | null) =>
            uPlot.rangeNum(Math.min(lo, min ?? lo), Math.max(hi, max ?? hi), 0.1, true),
        },
      ]),
    ),
    tzDate: (ts) => {
      const d = new Date(ts * 1000 + siteOffset.value);
      return new Date(d.getTime() + d.getTimezoneOffset() * 60_000);
    },
    cursor: {
      drag: { x: true, y: false, setScale: true },
      ...(spec.group ? { sync: { key: spec.group } } : {}),
    },
    series: [
      {},
      ...spec.series.map((s, i) => ({
        label: s.unit ? `${s.label} (${s.unit})` : s.label,
        scale: s.scale ?? 'y',
        show: s.show ?? true,
        stroke: () => token(s.color ?? `--series-${(i % 4) + 1}`),
        width: s.width ?? 1.3,
        dash: s.dash ?? DASHES[Math.floor(i / 4) % DASHES.length]!,
        points: { show: s.points ?? false },
        spanGaps: false,
      })),
    ],
    axes: [
      {
        ...axis,
        values: [
          [86400, '{MM}-{DD}', null, null, null, null, null, null, 1],
          [3600, '{HH}:{mm}', '\n{MM}-{DD}', null, '\n{MM}-{DD}', null, null, null, 1],
          [60, '{HH}:{mm}', '\n{MM}-{DD}', null, '\n{MM}-{DD}', null, null, null, 1],
          [1, '{HH}:{mm}:{ss}', '\n{MM}-{DD}', null, '\n{MM}-{DD}', null, null, null, 1],
        ],
      },
      ...scales.map((scale, i) => ({ ...axis, scale, side: i % 2 ? 1 : 3, size: 52 })),
    ],
    plugins: [bandPlugin(spec.series), limitsPlugin(limits)],
    hooks: {
      setSelect: [
        (u) => {
          if (u.select.width > 3) {
            spec.onZoom?.(
              u.posToVal(u.select.left, 'x') * 1000,
              u.posToVal(u.select.left + u.select.width, 'x') * 1000,
            );
          }
        },
      ],
      setCursor: [
        (u) => {
          const i = u.cursor.idx ?? null;
          spec.onCursor?.(i, i === null ? null : (u.data[0][i] ?? 0) * 1000);
        },
      ],
    },
  };
}

export function chart(el: HTMLElement, spec: ChartSpec): Chart {
  let limits = spec.limits ?? [];
  const u = new uPlot(
    options(spec, () => limits, el.clientWidth),
    seconds(spec.data),
    el,
  );
  const ro = new ResizeObserver(() => {
    if (el.clientWidth > 0) u.setSize({ width: el.clientWidth, height: spec.height ?? 220 });
  });
  ro.observe(el);
  const unfollow = effect(() => {
    theme.value;
    requestAnimationFrame(() => u.redraw(false));
  });
  return {
    u,
    setData: (data, keepScale = false) => u.setData(seconds(data), !keepScale),
    setRange: (from, to) => u.setScale('x', { min: from / 1000, max: to / 1000 }),
    setLimits: (l) => {
      limits = l;
      u.redraw(false);
    },
    destroy: () => {
      ro.disconnect();
      unfollow();
      u.destroy();
    },
  };
}
