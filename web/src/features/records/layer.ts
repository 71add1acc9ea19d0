// SPDX-License-Identifier: Apache-2.0
/** Records with a geometry as a layer of the map; a click opens the record. */
import { effect } from '@preact/signals';
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
import { api } from '../../api/client';
import type { Register } from '../../api/room';
import { live } from '../../api/world';
import { theme } from '../../app/prefs';
import { go } from '../../app/router';
import { known } from './state';

const format = new GeoJSON();
const LABEL_RESOLUTION = 1.2;

/** Late ones have a thick edge: colour stays what the register declares. */
function styleOf(r: Register) {
  return (f: FeatureLike, resolution: number): Style => {
    const css = getComputedStyle(document.documentElement);
    const text = css.getPropertyValue('--text').trim();
    const color = r.map?.color ?? css.getPropertyValue('--series-3').trim();
    const due = Number(f.get('due') ?? 0);
    const late = due > 0 && due < live.now.peek();
    const stroke = new Stroke({ color: late ? text : color, width: late ? 3 : 1.5 });
    const fill = new Fill({
      color: `${color.startsWith('#') && color.length === 7 ? color : '#6e7781'}99`,
    });
    const label = String(f.get('label') ?? f.get('key') ?? '');
    return new Style({
      stroke,
      fill,
      image: new CircleStyle({ radius: late ? 7 : 5, fill, stroke }),
      ...(resolution < LABEL_RESOLUTION && label
        ? {
            text: new Text({
              text: label,
              offsetY: 14,
              font: '12px system-ui, sans-serif',
              fill: new Fill({ color: text }),
              stroke: new Stroke({ color: css.getPropertyValue('--map-halo').trim(), width: 3 }),
            }),
          }
        : {}),
    });
  };
}

async function read(r: Register, source: VectorSource): Promise<void> {
  const at = known.peek();
  const g = await api.get<object>(`/records/${r.id}/map`, at ? { at: Math.round(at) } : {});
  source.clear();
  source.addFeatures(format.readFeatures(g) as never[]);
}

export async function createLayer(r: Register, map: OlMap): Promise<BaseLayer> {
  const source = new VectorSource();
  await read(r, source);
  const layer = new VectorLayer({ source, style: styleOf(r), zIndex: 40, declutter: true });
  const again = () => void read(r, source).catch(() => undefined);
  const offs = [
    live.on('record', (o) => (o as { register?: string }).register === r.id && again()),
    effect(() => {
      theme.value;
      layer.changed();
    }),
    effect(() => {
      known.value;
      again();
    }),
  ];
  map.on('singleclick', (e) => {
    const hit = map.forEachFeatureAtPixel(e.pixel, (f) => f, {
      layerFilter: (l) => l === layer,
      hitTolerance: 4,
    });
    if (hit && layer.getVisible()) go(['registers', r.id, String(hit.getId() ?? hit.get('id'))]);
  });
  map.on('change:target', () => {
    if (!map.getTarget()) for (const f of offs) f();
  });
  return layer;
}
