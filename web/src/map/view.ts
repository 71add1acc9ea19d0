// SPDX-License-Identifier: Apache-2.0
/** One map on one element: base drawing, live layer, pointer, keys of the view, and flying. */
import 'ol/ol.css';
import { effect, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { shiftKeyOnly } from 'ol/events/condition';
import DragBox from 'ol/interaction/DragBox';
import { defaults as interactionDefaults } from 'ol/interaction/defaults';
import type BaseLayer from 'ol/layer/Base';
import VectorLayer from 'ol/layer/Vector';
import OlMap from 'ol/Map';
import View from 'ol/View';
import { site } from '../api/site';
import { live, lost, world } from '../api/world';
import { lang } from '../app/i18n';
import { theme } from '../app/prefs';
import { pointIdOf, selection, type Target } from '../app/selection';
import { areaLayer, coordinates, loadMap, type MapData, roadwayLayer } from './base';
import { type Item, itemsOf } from './items';
import type { Box } from './labels';
import { LiveLayer } from './live-layer';
import { type Palette, screenPalette } from './palette';
import { type Extent, extentOf, resolutionOf, siteProjection } from './projection';

const FLY_MS = 300;
const MIN_SCALE = 200;
const ZOOM_SCALE = 1_500;
/** Where a site without a drawing begins: a county or so, until its records say more. */
const UNDRAWN: Extent = [400_000, 3_800_000, 700_000, 4_100_000];

export interface ViewState {
  resolution: number;
  center: [number, number];
}

export interface MapFilter {
  hidden: ReadonlySet<string>;
  onlyAbnormal: boolean;
  names: boolean;
}

export interface MapOptions {
  filter: ReadonlySignal<MapFilter>;
  /** Places marked on the drawing: a trace, a selected place. */
  marked: ReadonlySignal<ReadonlySet<string>>;
  interactive: boolean;
  /** Enlarges symbols and letters: the wall. */
  factor?: number;
  overview?: boolean;
  /** What stands over the map, in its pixels: no label goes there. */
  covered?: () => readonly Box[];
  onBox?: (extent: Extent) => void;
  onPick?: (item: Item | null, coordinate: [number, number]) => void;
  onMenu?: (item: Item | null, coordinate: [number, number], pixel: [number, number]) => void;
}

export class MapView {
  readonly map: OlMap;
  readonly liveLayer: LiveLayer;
  readonly state: Signal<ViewState>;
  readonly pointer = signal<[number, number] | null>(null);
  full: Extent;
  readonly items = signal<readonly Item[]>([]);
  readonly base: { id: 'area' | 'roadway'; layer: BaseLayer; features: number }[];
  /** The site has no drawing: layers of records are on, and the first that comes is fitted. */
  readonly undrawn: boolean;
  private palette: Palette = screenPalette();
  private taken = false;
  private freeSince = 0;
  private readonly offs: (() => void)[] = [];

  constructor(
    el: HTMLElement,
    readonly data: MapData,
    private readonly opts: MapOptions,
  ) {
    this.items.value = itemsOf(site.value, data);
    const drawn = [
      ...coordinates(data),
      ...this.items.value.map((i): [number, number] => [i.x, i.y]),
    ];
    this.undrawn = drawn.length === 0;
    this.full = this.undrawn ? [...UNDRAWN] : extentOf(drawn);
    const style = { palette: () => this.palette, marked: () => opts.marked.value };
    const area = areaLayer(data, style);
    const roadway = roadwayLayer(data, style);
    this.base = [
      { id: 'area', layer: area, features: data.layers.area?.features.length ?? 0 },
      { id: 'roadway', layer: roadway, features: data.layers.roadway?.features.length ?? 0 },
    ];
    this.liveLayer = new LiveLayer(this.liveView(), opts.covered);
    const projection = siteProjection(site.value.site.crs?.epsg, this.full);
    this.map = new OlMap({
      target: el,
      controls: [],
      layers: [area, roadway, this.liveLayer],
      view: new View({
        projection,
        center: [(this.full[0] + this.full[2]) / 2, (this.full[1] + this.full[3]) / 2],
        resolution: 10,
        minResolution: resolutionOf(MIN_SCALE),
        maxResolution: Math.max(this.full[2] - this.full[0], this.full[3] - this.full[1]) / 300,
        constrainResolution: false,
        enableRotation: false,
      }),
      interactions: opts.interactive
        ? interactionDefaults({
            shiftDragZoom: false,
            altShiftDragRotate: false,
            pinchRotate: false,
            doubleClickZoom: false,
          })
        : [],
      moveTolerance: 3,
    });
    const pad = 20 * (opts.factor ?? 1);
    this.map.getView().fit(this.full, { padding: [pad, pad, pad, pad] });
    this.state = signal(this.readState());
    this.listen(el);
    this.follow();
  }

  private readState(): ViewState {
    const v = this.map.getView();
    return {
      resolution: v.getResolution() ?? 1,
      center: (v.getCenter() ?? [0, 0]) as [number, number],
    };
  }

  private liveView() {
    const f = this.opts.filter.value;
    return {
      items: this.items.value,
      world: world.value,
      site: site.value,
      palette: this.palette,
      hidden: f.hidden,
      onlyAbnormal: f.onlyAbnormal,
      names: f.names,
      selected: pointIdOf(selection.value) ?? '',
      lost: world.value === live && lost.value,
      factor: this.opts.factor ?? 1,
      overview: this.opts.overview ?? false,
    };
  }

  /** A tool has the clicks of the map, or gives them back: until then they neither pick nor fly. */
  takeClicks(on: boolean): void {
    if (this.taken && !on) this.freeSince = performance.now();
    this.taken = on;
  }

  /** A single click is told 250 ms late: what counts is whose it was when it was made. */
  private ofTool(e: { originalEvent: Event }): boolean {
    return this.taken || e.originalEvent.timeStamp < this.freeSince;
  }

  private listen(el: HTMLElement): void {
    const map = this.map;
    map.on('moveend', () => {
      this.state.value = this.readState();
    });
    if (!this.opts.interactive) return;
    map.on('pointermove', (e) => {
      this.pointer.value = e.coordinate as [number, number];
      const hit = this.liveLayer.hit(e.pixel[0]!, e.pixel[1]!);
      el.style.cursor = hit ? 'pointer' : '';
    });
    map.on('singleclick', (e) => {
      if (this.ofTool(e)) {
        e.stopPropagation(); // nor does it open what a layer of records draws there
        return;
      }
      this.opts.onPick?.(
        this.liveLayer.hit(e.pixel[0]!, e.pixel[1]!),
        e.coordinate as [number, number],
      );
    });
    map.on('dblclick', (e) => {
      e.preventDefault();
      if (this.ofTool(e)) return;
      const hit = this.liveLayer.hit(e.pixel[0]!, e.pixel[1]!);
      this.fly(hit ? [hit.x, hit.y] : (e.coordinate as [number, number]), ZOOM_SCALE);
    });
    el.addEventListener('contextmenu', (e) => {
      e.preventDefault();
      const pixel = map.getEventPixel(e) as [number, number];
      const at = map.getCoordinateFromPixel(pixel) as [number, number];
      this.opts.onMenu?.(this.liveLayer.hit(pixel[0], pixel[1]), at, [e.clientX, e.clientY]);
    });
    const box = new DragBox({ condition: shiftKeyOnly, className: 'kt-box' });
    box.on('boxend', () => this.opts.onBox?.(box.getGeometry().getExtent() as Extent));
    map.addInteraction(box);
  }

  /** Redraws what changed: values twice a second at most, colours and selection at once. */
  private follow(): void {
    this.offs.push(
      effect(() => {
        theme.value;
        this.palette = screenPalette();
        for (const b of this.base) b.layer.changed();
      }),
      effect(() => {
        site.value;
        lang.value;
        this.items.value = itemsOf(site.value, this.data);
      }),
      effect(() => {
        theme.value;
        this.items.value;
        world.value.alarms.worstOfPoint.value;
        lost.value;
        this.liveLayer.update(this.liveView());
      }),
      effect(() => {
        world.value.points.tick.value;
        this.liveLayer.redraw();
      }),
      effect(() => {
        this.opts.marked.value;
        for (const b of this.base) b.layer.changed();
      }),
    );
  }

  fly(center: readonly [number, number], scale?: number): void {
    const view = this.map.getView();
    const resolution = scale
      ? Math.min(view.getResolution() ?? 1, resolutionOf(scale))
      : (view.getResolution() ?? 1);
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
    view.cancelAnimations();
    if (still) {
      view.setCenter([...center]);
      view.setResolution(resolution);
    } else view.animate({ center: [...center], resolution, duration: FLY_MS });
  }

  /** A site without a drawing is as large as what its records show. */
  drawnBy(layer: BaseLayer): void {
    const source = layer instanceof VectorLayer ? layer.getSource() : null;
    if (!this.undrawn || !source || source.getFeatures().length === 0) return;
    this.full = source.getExtent() as Extent;
    this.fit();
  }

  fit(extent: Extent = this.full): void {
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
    this.map.getView().fit(extent, {
      padding: [30, 30, 30, 30],
      duration: still ? 0 : FLY_MS,
      minResolution: resolutionOf(1000),
    });
  }

  positionOf(t: Target): [number, number] | null {
    const s = site.value;
    const id = pointIdOf(t);
    const item = id ? this.items.value.find((i) => i.point?.id === id) : undefined;
    if (item) return [item.x, item.y];
    const p = id ? s.pointById.get(id) : undefined;
    if (p) return s.position(p);
    const place = s.places.get(t.id);
    return place?.x !== undefined && place.y !== undefined ? [place.x, place.y] : null;
  }

  flyToTarget(t: Target): void {
    const at = this.positionOf(t);
    if (at) this.fly(at, t.kind === 'place' ? 4_000 : ZOOM_SCALE);
  }

  zoom(by: number): void {
    const v = this.map.getView();
    v.animate({ resolution: (v.getResolution() ?? 1) / by, duration: 150 });
  }

  dispose(): void {
    for (const f of this.offs) f();
    this.map.setTarget(undefined);
    this.map.dispose();
  }
}

export { loadMap };
