// SPDX-License-Identifier: Apache-2.0
/** The walks of a day on the map: a line each, its check-ins as points; read once, for each look is recorded. */
import Feature from 'ol/Feature';
import LineString from 'ol/geom/LineString';
import Point from 'ol/geom/Point';
import type BaseLayer from 'ol/layer/Base';
import VectorLayer from 'ol/layer/Vector';
import type OlMap from 'ol/Map';
import VectorSource from 'ol/source/Vector';
import CircleStyle from 'ol/style/Circle';
import Fill from 'ol/style/Fill';
import Stroke from 'ol/style/Stroke';
import Style from 'ol/style/Style';
import Text from 'ol/style/Text';
import { personName } from '../api/people';
import { live, world } from '../api/world';
import { hm } from '../app/format';
import { go } from '../app/router';
import { checkPlace, readWalks, type Walk } from './walks';

const DAY_MS = 86_400_000;

function featuresOf(w: Walk): Feature[] {
  const own = { 'kt-register': w.properties.register, 'kt-id': w.properties.record };
  const out: Feature[] = [];
  if (w.geometry) {
    const line = new Feature(new LineString(w.geometry.coordinates));
    line.setProperties({ ...own, text: personName(w.properties.user) });
    out.push(line);
  }
  for (const c of w.properties.checks ?? []) {
    if (c.x === undefined || c.y === undefined) continue;
    const point = new Feature(new Point([c.x, c.y]));
    point.setProperties({ ...own, text: `${hm(c.time)} ${c.note ?? checkPlace(c)}` });
    out.push(point);
  }
  return out;
}

function styleOf(f: { get: (k: string) => unknown }): Style {
  const css = getComputedStyle(document.documentElement);
  const text = css.getPropertyValue('--text').trim();
  const halo = css.getPropertyValue('--map-halo').trim();
  return new Style({
    stroke: new Stroke({ color: text, width: 2, lineDash: [6, 4] }),
    image: new CircleStyle({
      radius: 4,
      fill: new Fill({ color: halo }),
      stroke: new Stroke({ color: text, width: 2 }),
    }),
    text: new Text({
      text: String(f.get('text') ?? ''),
      offsetY: -12,
      font: '12px system-ui, sans-serif',
      fill: new Fill({ color: text }),
      stroke: new Stroke({ color: halo, width: 3 }),
    }),
  });
}

export async function createWalkLayer(map: OlMap, register: string): Promise<BaseLayer> {
  const now = world.peek().now.peek() || live.now.peek() || Date.now();
  const walks = await readWalks(register, now - DAY_MS, now);
  const source = new VectorSource({ features: walks.features.flatMap(featuresOf) });
  const layer = new VectorLayer({ source, style: styleOf, zIndex: 39, declutter: true });
  map.on('singleclick', (e) => {
    if (!layer.getVisible()) return;
    const own = { layerFilter: (l: BaseLayer) => l === layer, hitTolerance: 4 };
    const hit = map.forEachFeatureAtPixel(e.pixel, (f) => f, own as never);
    if (hit) go(['registers', String(hit.get('kt-register')), String(hit.get('kt-id'))]);
  });
  return layer;
}
