// SPDX-License-Identifier: Apache-2.0
/** Records with a geometry as a layer of the map; a click opens the record. */
import { effect } from '@preact/signals';
import type Feature from 'ol/Feature';
import type { FeatureLike } from 'ol/Feature';
import GeoJSON from 'ol/format/GeoJSON';
import type BaseLayer from 'ol/layer/Base';
import VectorLayer from 'ol/layer/Vector';
import type OlMap from 'ol/Map';
import VectorSource from 'ol/source/Vector';
import CircleStyle from 'ol/style/Circle';
import Fill from 'ol/style/Fill';
import Stroke from 'ol/style/Stroke';
import Style from 'ol/style/Style';
import Text from 'ol/style/Text';
import { api } from '../api/client';
import { type Register, stateOf } from '../api/room';
import { live, replayAt, replaying, replayPlaying } from '../api/world';
import { pick } from '../app/i18n';
import { theme } from '../app/prefs';
import { go } from '../app/router';

const format = new GeoJSON();
const LABEL_RESOLUTION = 1.2;
/** An area that is as wide as that on the screen has its name. */
const LABEL_PX = 36;

export interface LayerOptions {
  registers: () => readonly Register[];
  /** Which records of those that have a geometry are drawn, with their deadlines; all without it. */
  only?: () => Promise<ReadonlyMap<number, number | null>>;
}

/** What lies below stays in sight. */
function sheer(color: string, alpha: string): string {
  const short = /^#([0-9a-f])([0-9a-f])([0-9a-f])$/i.exec(color);
  const whole = short
    ? `#${short
        .slice(1)
        .map((c) => c + c)
        .join('')}`
    : color;
  return /^#[0-9a-f]{6}$/i.test(whole) ? whole + alpha : color;
}

/** Late ones have a thick edge, what has not begun a broken one: colour stays what the register
 *  declares. Near by the state stands under the name. */
function styleOf(f: FeatureLike, resolution: number): Style {
  const css = getComputedStyle(document.documentElement);
  const text = css.getPropertyValue('--text').trim();
  const color = String(f.get('kt-color') || css.getPropertyValue('--series-3').trim());
  const due = Number(f.get('due') ?? 0);
  const late = due > 0 && due < live.now.peek();
  const dash = f.get('kt-begun') === false ? { lineDash: [6, 4] } : {};
  const stroke = new Stroke({ color: late ? text : color, width: late ? 3 : 1.5, ...dash });
  const area = /Polygon/.test(f.getGeometry()?.getType() ?? '');
  const fill = new Fill({ color: sheer(color, area ? '33' : '99') });
  const label = [f.get('text') ?? f.get('label') ?? f.get('key'), pick(f.get('kt-state'))]
    .filter(Boolean)
    .join('\n');
  const [left = 0, , right = 0] = (area && f.getGeometry()?.getExtent()) || [];
  const roomy = (right - left) / resolution > LABEL_PX;
  const named = (roomy || resolution < LABEL_RESOLUTION) && label !== '';
  return new Style({
    stroke,
    fill,
    image: new CircleStyle({ radius: late ? 7 : 5, fill, stroke, declutterMode: 'none' }),
    ...(named
      ? {
          text: new Text({
            text: label,
            offsetY: area ? 0 : 14,
            overflow: area,
            font: '12px system-ui, sans-serif',
            fill: new Fill({ color: text }),
            stroke: new Stroke({ color: css.getPropertyValue('--map-halo').trim(), width: 3 }),
          }),
        }
      : {}),
  });
}

async function read(o: LayerOptions, source: VectorSource): Promise<void> {
  const at = replaying.peek() ? { at: Math.round(replayAt.peek()) } : {};
  const only = await o.only?.();
  const all: Feature[] = [];
  for (const r of o.registers()) {
    const g = await api.get<object>(`/records/${r.id}/map`, at);
    for (const f of format.readFeatures(g) as Feature[]) {
      const id = Number(f.getId() ?? f.get('id'));
      if (only && !only.has(id)) continue;
      const state = stateOf(r, f.get('state') as string | undefined);
      f.setProperties({
        'kt-register': r.id,
        'kt-id': id,
        'kt-color': r.map?.color ?? '',
        'kt-state': state?.title,
        'kt-begun': state?.kind !== 'start',
      });
      if (only) f.set('due', only.get(id));
      all.push(f);
    }
  }
  source.clear();
  source.addFeatures(all);
}

/** The layer, kept fresh by the stream and by the time bar as long as the map stands. */
export async function createLayer(map: OlMap, o: LayerOptions): Promise<BaseLayer> {
  const source = new VectorSource();
  await read(o, source);
  const layer = new VectorLayer({ source, style: styleOf, zIndex: 40, declutter: true });
  let wait: ReturnType<typeof setTimeout> | undefined;
  const again = () => {
    clearTimeout(wait);
    wait = setTimeout(() => void read(o, source).catch(() => undefined), 500);
  };
  const mine = (e: unknown) => {
    const id = (e as { register?: string }).register;
    if (o.registers().some((r) => r.id === id)) again();
  };
  const offs = [
    live.on('record', mine),
    effect(() => {
      theme.value;
      layer.changed();
    }),
    effect(() => {
      if (replaying.value && !replayPlaying.value) replayAt.value;
      again();
    }),
  ];
  map.on('singleclick', (e) => {
    if (!layer.getVisible()) return;
    const own = { layerFilter: (l: BaseLayer) => l === layer, hitTolerance: 4 };
    const hit = map.forEachFeatureAtPixel(e.pixel, (f) => f, own as never);
    if (hit) go(['registers', String(hit.get('kt-register')), String(hit.get('kt-id'))]);
  });
  map.on('change:target', () => {
    if (map.getTarget()) return;
    clearTimeout(wait);
    for (const f of offs) f();
  });
  return layer;
}
