// SPDX-License-Identifier: Apache-2.0
import './map.css';
import { effect } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import { site } from '../../api/site';
import { past } from '../../api/world';
import { useKey } from '../../app/keys';
import { flyTo, place, point, select, selectedPoint } from '../../app/selection';
import type { MapData } from '../../map/base';
import type { Item } from '../../map/items';
import type { Box } from '../../map/labels';
import { Measure, type Measured } from '../../map/measure';
import { extentOf } from '../../map/projection';
import { loadMap, MapView } from '../../map/view';
import { errorText } from '../../ui/Toast';
import { ContextMenu, type MenuAt } from './ContextMenu';
import { LayersPanel } from './LayersPanel';
import { ListTwin } from './ListTwin';
import { ReadOut } from './ReadOut';
import { SheetDialog } from './SheetDialog';
import { boxed, filter, lastView, marked, traced, tracing } from './state';
import { t } from './texts';

function pick(item: Item | null): void {
  if (item?.point) select(point(item.point.id));
  else if (item?.kind === 'asset') select(null);
  else select(null);
}

/**
 * The drawing of the site that is shown: in a replay of another site the one that stood then. Where
 * that is no longer kept, today's, and `lack` says why.
 */
async function drawing(lack: (why: unknown) => void): Promise<MapData> {
  if (site.value.past) {
    try {
      return await loadMap(past.now.value);
    } catch (e) {
      lack(e);
    }
  }
  return loadMap();
}

const OVER = '.list-twin, .map-tools, .readout, .trace-note, .popups.floating, .kt-crowd';

/** The panels and pop-ups that stand over the map. */
function covered(host: HTMLElement): Box[] {
  const at = host.getBoundingClientRect();
  return [...(host.closest('.screen')?.querySelectorAll(OVER) ?? [])].map((e) => {
    const r = e.getBoundingClientRect();
    return { x: r.x - at.x, y: r.y - at.y, w: r.width, h: r.height };
  });
}

function useMap(host: { current: HTMLDivElement | null }, onMenu: (m: MenuAt) => void) {
  const [view, setView] = useState<MapView | null>(null);
  const [data, setData] = useState<MapData | null>(null);
  const [error, setError] = useState('');
  // the drawing is read once a site
  useEffect(() => {
    let v: MapView | null = null;
    let gone = false;
    setError('');
    drawing((e) => !gone && setError(t('failed.past', { text: errorText(e) }))).then(
      (d) => {
        if (gone || !host.current) return;
        const el = host.current;
        v = new MapView(el, d, {
          filter,
          marked,
          interactive: true,
          covered: () => covered(el),
          onPick: pick,
          onBox: (e) => {
            boxed.value = e;
          },
          onMenu: (item, at, pixel) => onMenu({ item, at, pixel }),
        });
        if (lastView.value) {
          v.map.getView().setCenter(lastView.value.center);
          v.map.getView().setResolution(lastView.value.resolution);
        }
        setData(d);
        setView(v);
      },
      (e: unknown) => !gone && setError(t('failed', { text: errorText(e) })),
    );
    return () => {
      gone = true;
      if (v) {
        lastView.value = v.state.value;
        v.dispose();
      }
    };
  }, [site.value.site.hash]);
  return { view, data, error };
}

/** `1` is the mine; then panels and headings in the order of the site. */
function savedViews(): { name: string; id: string }[] {
  const s = site.value;
  const out = [{ name: t('fit'), id: '' }];
  for (const p of s.places.values()) {
    if (p.kind === 'panel' || p.kind === 'heading-area')
      out.push({ name: s.placeName(p.id), id: p.id });
  }
  return out.slice(0, 9);
}

function showView(view: MapView, id: string): void {
  if (!id) {
    view.fit();
    return;
  }
  const inside = site.value.below(id);
  const coords = view.items.value
    .filter((i) => i.point && inside.has(i.point.place))
    .map((i): [number, number] => [i.x, i.y]);
  if (coords.length > 1) view.fit(extentOf(coords));
  else view.flyToTarget(place(id));
}

function ViewKeys({ view }: { view: MapView }) {
  const views = savedViews();
  useKey(
    'F',
    () => t('fit'),
    () => view.fit(),
  );
  useKey(
    '+',
    () => t('zoomIn'),
    () => view.zoom(1.6),
  );
  useKey(
    '=',
    () => t('zoomIn'),
    () => view.zoom(1.6),
  );
  useKey(
    '-',
    () => t('zoomOut'),
    () => view.zoom(1 / 1.6),
  );
  return (
    <>
      {views.map((v, i) => (
        <ViewKey key={v.id} n={i + 1} name={v.name} run={() => showView(view, v.id)} />
      ))}
    </>
  );
}

function ViewKey({ n, name, run }: { n: number; name: string; run: () => void }) {
  useKey(String(n), () => t('view', { n, name }), run);
  return null;
}

function useFlight(view: MapView | null) {
  useEffect(
    () =>
      effect(() => {
        const target = flyTo.value;
        if (!view || !target) return;
        view.flyToTarget(target);
        flyTo.value = null;
      }),
    [view],
  );
}

function MeasureTools({ view, start }: { view: MapView; start: { n: number } }) {
  const [result, setResult] = useState<Measured | null>(null);
  const tool = useRef<Measure | null>(null);
  const [on, setOn] = useState<'' | 'LineString' | 'Polygon'>('');
  useEffect(() => {
    const color = getComputedStyle(document.documentElement).getPropertyValue('--focus').trim();
    const m = new Measure(view.map, setResult, color);
    tool.current = m;
    return () => {
      view.takeClicks(false);
      m.dispose();
    };
  }, [view]);
  const begin = (kind: 'LineString' | 'Polygon') => {
    setOn(kind);
    view.takeClicks(true);
    tool.current?.start(kind);
  };
  const end = () => {
    setOn('');
    view.takeClicks(false);
    tool.current?.clear();
  };
  // begins when the menu asks
  useEffect(() => {
    if (start.n > 0) begin('LineString');
  }, [start.n]);
  useKey('Escape', () => t('measure.clear'), end, on !== '');
  const f = (n: number) => n.toFixed(1);
  return (
    <>
      <button
        type="button"
        class="btn"
        aria-pressed={on === 'LineString'}
        onClick={() => (on === 'LineString' ? end() : begin('LineString'))}
      >
        {t('measure')}
      </button>
      <button
        type="button"
        class="btn"
        aria-pressed={on === 'Polygon'}
        onClick={() => (on === 'Polygon' ? end() : begin('Polygon'))}
      >
        {t('measureArea')}
      </button>
      {result && (
        <output class="panel measured">
          {result.area_m2 > 0
            ? t('measuredArea', { a: f(result.area_m2), l: f(result.length_m) })
            : t('measured', { l: f(result.length_m) })}
          <button type="button" class="btn plain" onClick={end}>
            {t('measure.clear')}
          </button>
        </output>
      )}
    </>
  );
}

function TraceNote() {
  const tr = tracing.value;
  if (!tr) return null;
  const dir = t(tr.dir === 'down' ? 'downwind' : 'upwind');
  return (
    <div class="panel trace-note row">
      <span>
        {t('trace', { place: site.value.placeName(tr.place), dir, n: traced.value.length - 1 })}
      </span>
      <span class="hint ellipsis">
        {traced.value
          .slice(1, 9)
          .map((x) => site.value.placeName(x.place))
          .join(' → ')}
      </span>
      <button type="button" class="btn plain" onClick={() => (tracing.value = null)}>
        {t('trace.clear')}
      </button>
    </div>
  );
}

/** A new site: nothing to draw yet, and where what is drawn comes from. */
function Nothing({ view, data }: { view: MapView; data: MapData }) {
  if (view.items.value.length || Object.values(data.layers).some((l) => l?.features.length))
    return null;
  return (
    <div class="panel map-nothing">
      <p>{t('nothing')}</p>
      <p class="hint">{t('nothing.drawing')}</p>
      <p class="hint">{t('nothing.points')}</p>
    </div>
  );
}

export default function MapScreen() {
  const host = useRef<HTMLDivElement>(null);
  const [menu, setMenu] = useState<MenuAt | null>(null);
  const [sheet, setSheet] = useState(false);
  const [measureFrom, setMeasureFrom] = useState({ n: 0 });
  const { view, data, error } = useMap(host, setMenu);
  useFlight(view);
  useKey(
    'Ctrl+P',
    () => t('print'),
    () => setSheet(true),
  );
  selectedPoint.value;
  return (
    <div class="map">
      <h1 class="sr">{t('title')}</h1>
      <LayersPanel view={view} data={data} />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the map takes the keys of its own */}
      <div ref={host} class="map-host" role="application" aria-label={t('map')} tabIndex={0} />
      {error && <p class="error map-error">{error}</p>}
      {view && (
        <>
          <ViewKeys view={view} />
          <div class="map-tools row">
            <button type="button" class="btn" onClick={() => view.fit()}>
              {t('fit')}
              <kbd>F</kbd>
            </button>
            <button
              type="button"
              class="btn"
              aria-label={t('zoomIn')}
              onClick={() => view.zoom(1.6)}
            >
              ＋
            </button>
            <button
              type="button"
              class="btn"
              aria-label={t('zoomOut')}
              onClick={() => view.zoom(1 / 1.6)}
            >
              －
            </button>
            <MeasureTools view={view} start={measureFrom} />
            <button type="button" class="btn" onClick={() => setSheet(true)}>
              {t('print')}
            </button>
          </div>
          <ReadOut view={view} />
          <ListTwin view={view} />
          {data && <Nothing view={view} data={data} />}
        </>
      )}
      <TraceNote />
      {menu && view && (
        <ContextMenu
          menu={menu}
          view={view}
          onClose={() => setMenu(null)}
          onMeasure={() => setMeasureFrom({ n: measureFrom.n + 1 })}
        />
      )}
      {sheet && view && data && (
        <SheetDialog view={view} data={data} onClose={() => setSheet(false)} />
      )}
    </div>
  );
}
