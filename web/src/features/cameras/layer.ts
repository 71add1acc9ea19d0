// SPDX-License-Identifier: Apache-2.0
/** Cameras on the map: where they stand and whether they give a picture; a click opens one. */
import { effect } from '@preact/signals';
import Feature from 'ol/Feature';
import Point from 'ol/geom/Point';
import type BaseLayer from 'ol/layer/Base';
import VectorLayer from 'ol/layer/Vector';
import type OlMap from 'ol/Map';
import type MapBrowserEvent from 'ol/MapBrowserEvent';
import VectorSource from 'ol/source/Vector';
import CircleStyle from 'ol/style/Circle';
import Fill from 'ol/style/Fill';
import Stroke from 'ol/style/Stroke';
import Style from 'ol/style/Style';
import Text from 'ol/style/Text';
import { nameOf } from '../../app/i18n';
import { theme } from '../../app/prefs';
import { screenPalette } from '../../map/palette';
import { openDock } from './dock';
import { type Camera, cameras, refresh } from './state';

const ASK_MS = 5000;
const NAME_RESOLUTION = 1.2;
const FONT = 'system-ui, sans-serif';

function styleOf(f: Feature, resolution: number): Style {
  const p = screenPalette();
  const c = f.get('camera') as Camera;
  const dead = c.known && !c.signal;
  const sign = dead ? '✕' : '视';
  const name = resolution < NAME_RESOLUTION ? `${sign} ${nameOf(c)}` : sign;
  return new Style({
    image: new CircleStyle({
      radius: 11,
      fill: new Fill({ color: p.halo }),
      stroke: new Stroke({ color: p.text, width: dead ? 3 : 1.5, lineDash: c.known ? [] : [2, 2] }),
    }),
    text: new Text({
      text: name,
      textAlign: resolution < NAME_RESOLUTION ? 'left' : 'center',
      offsetX: resolution < NAME_RESOLUTION ? -6 : 0,
      font: `${dead ? 'bold ' : ''}12px ${FONT}`,
      fill: new Fill({ color: p.text }),
      stroke: new Stroke({ color: p.halo, width: 3 }),
    }),
    zIndex: dead ? 2 : 1,
  });
}

function features(list: readonly Camera[]): Feature[] {
  return list.flatMap((c) => {
    if (c.x === undefined || c.y === undefined) return [];
    const f = new Feature(new Point([c.x, c.y]));
    f.set('camera', c, true);
    return [f];
  });
}

export async function createCameraLayer(map: OlMap): Promise<BaseLayer> {
  const source = new VectorSource();
  const layer = new VectorLayer({ source, style: (f, r) => styleOf(f as Feature, r), zIndex: 46 });
  const ask = () => void (layer.getVisible() && refresh());
  const timer = setInterval(ask, ASK_MS);
  const click = (e: MapBrowserEvent) => {
    const found = map.getFeaturesAtPixel(e.pixel, { layerFilter: (l) => l === layer });
    const c = (found[0] as Feature | undefined)?.get('camera') as Camera | undefined;
    if (c) openDock([c], nameOf(c));
  };
  map.on('singleclick', click as never);
  const offs = [
    effect(() => {
      source.clear(true);
      source.addFeatures(features(cameras.value));
    }),
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
