// SPDX-License-Identifier: Apache-2.0
/** Arrows on the roadways: asked every second while the layer is shown; nothing in a replay. */
import { effect } from '@preact/signals';
import Feature from 'ol/Feature';
import LineString from 'ol/geom/LineString';
import Point from 'ol/geom/Point';
import type BaseLayer from 'ol/layer/Base';
import VectorLayer from 'ol/layer/Vector';
import type OlMap from 'ol/Map';
import VectorSource from 'ol/source/Vector';
import Fill from 'ol/style/Fill';
import RegularShape from 'ol/style/RegularShape';
import Stroke from 'ol/style/Stroke';
import Style from 'ol/style/Style';
import Text from 'ol/style/Text';
import { api } from '../../api/client';
import { replaying } from '../../api/world';
import { theme } from '../../app/prefs';
import { featuresOf, loadMap } from '../../map/base';
import { screenPalette } from '../../map/palette';
import { type Airflow, airflow, type Mark, markOf, middle } from './state';

const ASK_MS = 1000;
const LABEL_RESOLUTION = 1.6;
const ARROW_RESOLUTION = 8;

function styleOf(f: Feature, resolution: number): Style | undefined {
  const mark = f.get('mark') as Mark | null;
  if (!mark || resolution > ARROW_RESOLUTION) return undefined;
  const p = screenPalette();
  const fresh = airflow.peek()?.state === 'solved';
  const angle = (f.get('angle') as number) + (mark.turn < 0 ? Math.PI : 0);
  const stroke = new Stroke({ color: p.text, width: 1.5 });
  return new Style({
    image: new RegularShape({
      points: 3,
      radius: 7,
      rotation: Math.PI / 2 - angle,
      rotateWithView: true,
      stroke,
      fill: new Fill({ color: fresh ? p.text : p.halo }),
    }),
    ...(resolution < LABEL_RESOLUTION || mark.odd
      ? {
          text: new Text({
            text: mark.text,
            offsetY: -13,
            font: `${mark.odd ? 'bold ' : ''}12px system-ui, sans-serif`,
            fill: new Fill({ color: p.text }),
            stroke: new Stroke({ color: p.halo, width: 3 }),
          }),
        }
      : {}),
  });
}

/** A point in the middle of each roadway that the drawing gives an airway. */
async function spots(): Promise<Feature<Point>[]> {
  const all: Feature<Point>[] = [];
  for (const road of featuresOf((await loadMap()).layers.roadway)) {
    const line = road.getGeometry();
    const at = line instanceof LineString ? middle(line.getCoordinates()) : null;
    if (!at || !road.get('airway')) continue;
    const f = new Feature(new Point(at.at));
    f.setProperties({ airway: String(road.get('airway')), angle: at.angle, mark: null });
    all.push(f);
  }
  return all;
}

export async function createAirLayer(map: OlMap): Promise<BaseLayer> {
  const features = await spots();
  const source = new VectorSource({ features });
  const layer = new VectorLayer({
    source,
    style: (f, r) => styleOf(f as Feature, r),
    zIndex: 30,
    declutter: true,
  });
  const show = (a: Airflow | null) => {
    const by = new Map(a?.items.map((i) => [i.id, i]));
    for (const f of features) f.set('mark', markOf(by.get(f.get('airway') as string)), true);
    layer.changed();
  };
  const ask = async () => {
    if (!layer.getVisible() || replaying.peek()) return;
    const got = await api.get<Airflow>('/vent').catch(() => null);
    if (got) airflow.value = got;
  };
  await ask();
  const timer = setInterval(() => void ask(), ASK_MS);
  const offs = [
    effect(() => show(replaying.value ? null : airflow.value)),
    effect(() => {
      theme.value;
      layer.changed();
    }),
  ];
  map.on('change:target', () => {
    if (map.getTarget()) return;
    clearInterval(timer);
    for (const f of offs) f();
  });
  return layer;
}
