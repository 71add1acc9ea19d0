// SPDX-License-Identifier: Apache-2.0
/** The drawing that was kept with the tasks: places, my cases, where I am. SVG, no library. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { type Record_, registerOf, shapeField } from '../api/room';
import { site } from '../api/site';
import { show } from './page';
import { whereNow } from './photo';
import { caseKey, type MapFeature, mapData } from './state';
import { myTasks } from './Tasks';
import { t } from './texts';

type XY = [number, number];

function rings(f: MapFeature): XY[][] {
  const g = f.geometry;
  if (!g) return [];
  const c = g.coordinates;
  if (g.type === 'LineString') return [c as XY[]];
  if (g.type === 'MultiLineString' || g.type === 'Polygon') return c as XY[][];
  if (g.type === 'MultiPolygon') return (c as XY[][][]).flat();
  return [];
}

const pathOf = (list: XY[][], closed: boolean) =>
  list.map((r) => `M${r.map((p) => `${p[0]} ${-p[1]}`).join('L')}${closed ? 'Z' : ''}`).join('');

/** Where a case stands: its own geometry, else its place. */
function spot(r: Record_): XY | null {
  const f = shapeField(registerOf(r.register));
  const g = f ? (r.fields[f.id] as { type: string; coordinates: unknown } | null) : null;
  if (g) {
    let c: unknown = g.coordinates;
    while (Array.isArray(c) && Array.isArray(c[0])) c = c[0];
    if (Array.isArray(c) && typeof c[0] === 'number') return c as XY;
  }
  const p = site.value.places.get(r.place ?? '');
  return p?.x !== undefined && p.y !== undefined ? [p.x, p.y] : null;
}

interface View {
  x: number;
  y: number;
  w: number;
}

function extent(points: XY[]): View {
  const xs = points.map((p) => p[0]);
  const ys = points.map((p) => p[1]);
  if (xs.length === 0) return { x: 0, y: 0, w: 1000 };
  const [x0, x1] = [Math.min(...xs), Math.max(...xs)];
  const [y0, y1] = [Math.min(...ys), Math.max(...ys)];
  return { x: (x0 + x1) / 2, y: (y0 + y1) / 2, w: Math.max(200, x1 - x0, y1 - y0) * 1.15 };
}

/** One finger moves, two fingers zoom. */
function useFingers(view: View, set: (v: View) => void, ratio: number) {
  const fingers = useRef(new Map<number, XY>());
  const spread = () => {
    const [a, b] = [...fingers.current.values()];
    return a && b ? Math.hypot(a[0] - b[0], a[1] - b[1]) : 0;
  };
  return {
    onPointerDown: (e: PointerEvent) => {
      fingers.current.set(e.pointerId, [e.clientX, e.clientY]);
    },
    onPointerUp: (e: PointerEvent) => fingers.current.delete(e.pointerId),
    onPointerLeave: (e: PointerEvent) => fingers.current.delete(e.pointerId),
    onPointerMove: (e: PointerEvent) => {
      const before = fingers.current.get(e.pointerId);
      if (!before) return;
      const was = spread();
      fingers.current.set(e.pointerId, [e.clientX, e.clientY]);
      const el = e.currentTarget as SVGSVGElement;
      const scale = Math.max(view.w / el.clientWidth, (view.w * ratio) / el.clientHeight);
      if (fingers.current.size === 2 && was > 0)
        set({ ...view, w: view.w * (was / (spread() || was)) });
      else
        set({
          ...view,
          x: view.x - (e.clientX - before[0]) * scale,
          y: view.y + (e.clientY - before[1]) * scale,
        });
    },
  };
}

export function MapPage() {
  const layers = mapData.value?.layers ?? {};
  const roads = layers.roadway?.features ?? [];
  const areas = layers.area?.features ?? [];
  const tasks = myTasks()
    .map((r) => ({ r, at: spot(r) }))
    .filter((x): x is { r: Record_; at: XY } => x.at !== null);
  const full = () =>
    extent([...roads, ...areas].flatMap((f) => rings(f).flat()).concat(tasks.map((x) => x.at)));
  const [view, setView] = useState<View>(full);
  const [me, setMe] = useState<XY | null>(null);
  const ratio = 1.25;
  useEffect(() => setView(full()), [mapData.value]);
  const fingers = useFingers(view, setView, ratio);
  const u = view.w / 390;
  async function here() {
    const w = await whereNow();
    if (w?.x === undefined || w.y === undefined) return;
    setMe([w.x, w.y]);
    setView({ x: w.x, y: w.y, w: Math.min(view.w, 600) });
  }
  return (
    <div class="ph-map">
      <h1 class="sr">{t('tab.map')}</h1>
      <svg
        class="ph-svg"
        role="img"
        aria-label={t('map.label', { n: tasks.length })}
        viewBox={`${view.x - view.w / 2} ${-view.y - (view.w * ratio) / 2} ${view.w} ${view.w * ratio}`}
        {...fingers}
      >
        {areas.map((f, i) => (
          <path key={i} class="ph-area" d={pathOf(rings(f), true)} />
        ))}
        {roads.map((f, i) => (
          <path key={i} class="ph-road" d={pathOf(rings(f), false)} />
        ))}
        {tasks.map(({ r, at }) => (
          <g key={r.id} transform={`translate(${at[0]} ${-at[1]}) scale(${u})`}>
            <circle
              class={`ph-dot${r.due && r.due < Date.now() ? ' late' : ''}`}
              r="9"
              onClick={() => show(`case/${caseKey(r.register ?? '', r.id)}`)}
            />
            {view.w < 700 && (
              <text class="ph-label" x="13" y="5">
                {r.key}
              </text>
            )}
          </g>
        ))}
        {me && (
          <g transform={`translate(${me[0]} ${-me[1]}) scale(${u})`}>
            <circle class="ph-here" r="8" />
          </g>
        )}
      </svg>
      <div class="ph-map-tools">
        <button
          type="button"
          class="btn"
          aria-label={t('zoom.in')}
          onClick={() => setView({ ...view, w: view.w / 1.6 })}
        >
          ＋
        </button>
        <button
          type="button"
          class="btn"
          aria-label={t('zoom.out')}
          onClick={() => setView({ ...view, w: view.w * 1.6 })}
        >
          －
        </button>
        <button type="button" class="btn" onClick={() => setView(full())}>
          {t('map.all')}
        </button>
        <button type="button" class="btn" onClick={() => void here()}>
          {t('map.me')}
        </button>
      </div>
      {!mapData.value && <p class="pad">{t('map.none')}</p>}
    </div>
  );
}
