// SPDX-License-Identifier: Apache-2.0
/** Draws network.ts: what is served under the roadways' signs, the ring and its breaks, the stations.
 *  Of the world that is shown, so a replay shows the ring of that moment. */
import { effect } from '@preact/signals';
import Feature from 'ol/Feature';
import LineString from 'ol/geom/LineString';
import MultiLineString from 'ol/geom/MultiLineString';
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
import type { PointInfo } from '../../api/model';
import { site } from '../../api/site';
import { world } from '../../api/world';
import { theme } from '../../app/prefs';
import { featuresOf, loadMap } from '../../map/base';
import { FILLS, screenPalette } from '../../map/palette';
import { bit, book } from '../../sequences/book';
import {
  type Bit,
  basesOf,
  closingsOf,
  covered,
  type Line,
  linkState,
  linksOf,
  roadsOf,
} from './network';
import { numberOf } from './parts';
import { closingWord } from './title';

const DOWN = FILLS[2]!.fill;

function words(text: string, dy: number): Text {
  const p = screenPalette();
  return new Text({
    text,
    offsetY: dy,
    font: 'bold 12px system-ui, sans-serif',
    fill: new Fill({ color: p.text }),
    stroke: new Stroke({ color: p.halo, width: 3 }),
  });
}

function linkStyle(state: Bit): Style[] {
  const p = screenPalette();
  const color = state === null ? p.text2 : state ? p.focus : DOWN;
  return [
    new Style({ stroke: new Stroke({ color: p.halo, width: 6 }), zIndex: 1 }),
    new Style({
      stroke: new Stroke({
        color,
        width: 3,
        lineDash: state === null ? [2, 6] : state ? [] : [10, 6],
      }),
      zIndex: 2,
      ...(state === true ? {} : { text: words(state === null ? '?' : '✕', 0) }),
    }),
  ];
}

/** Thin while it stands by, whole while it carries what a break keeps from going round. */
function closingStyle(whole: Bit): Style[] {
  const p = screenPalette();
  return [
    new Style({ stroke: new Stroke({ color: p.halo, width: 6 }), zIndex: 1 }),
    new Style({
      stroke: new Stroke({
        color: whole === false ? p.focus : p.text2,
        width: whole === false ? 4 : 2,
        lineDash: whole === null ? [2, 6] : whole ? [8, 3, 2, 3] : [],
      }),
      zIndex: 2,
      text: words(whole === null ? '?' : closingWord(whole), 12),
    }),
  ];
}

function baseStyle(state: Bit, phones: number | null): Style {
  const p = screenPalette();
  return new Style({
    image: new RegularShape({
      points: 3,
      radius: 10,
      fill: new Fill({ color: state === false ? DOWN : state ? p.focus : p.halo }),
      stroke: new Stroke({ color: p.text, width: 1.5 }),
    }),
    text: words(state === false ? '✕' : state && phones !== null ? String(phones) : '?', 16),
    zIndex: 3,
  });
}

function styleOf(f: Feature): Style | Style[] {
  const state = f.get('state') as Bit;
  switch (f.get('what')) {
    case 'link':
      return linkStyle(state);
    case 'closing':
      return closingStyle(state);
    case 'base':
      return baseStyle(state, f.get('phones') as number | null);
    default:
      return new Style({ stroke: new Stroke({ color: `${screenPalette().focus}59`, width: 12 }) });
  }
}

function made(
  what: string,
  geometry: Point | LineString | MultiLineString,
  more: Record<string, unknown> = {},
): Feature {
  const f = new Feature(geometry);
  f.setProperties({ what, ...more }, true);
  return f;
}

const read = (p: PointInfo | undefined) => bit(p, (x) => world.value.points.at(x.i).value);

export async function createNetworkLayer(map: OlMap): Promise<BaseLayer> {
  const data = await loadMap();
  const lines = featuresOf(data.layers.roadway).flatMap((f): Line[] => {
    const g = f.getGeometry();
    return g instanceof LineString && f.get('airway') ? [g.getCoordinates()] : [];
  });
  const roads = roadsOf(lines);
  const pointOf = (id: string) => site.value.pointById.get(id);
  const assets = book.peek()?.assets ?? [];
  const links = linksOf(assets, pointOf);
  const closings = closingsOf(assets, pointOf);
  const bases = basesOf(assets, pointOf).map((b) => ({
    ...b,
    area: new MultiLineString(covered(roads, b.at, b.reach_m)),
  }));
  const source = new VectorSource();
  const layer = new VectorLayer({ source, style: (f) => styleOf(f as Feature), zIndex: 35 });
  const offs = [
    effect(() => {
      const found = [
        ...bases.flatMap((b) => (read(b.state) ? [made('area', b.area)] : [])),
        ...links.map((l) =>
          made('link', new LineString([[...l.from], [...l.to]]), {
            state: linkState(l.ports.map(read)),
          }),
        ),
        ...closings.map((l) =>
          made('closing', new LineString([[...l.from], [...l.to]]), { state: read(l.ring) }),
        ),
        ...bases.map((b) =>
          made('base', new Point([...b.at]), { state: read(b.state), phones: numberOf(b.phones) }),
        ),
      ];
      source.clear(true);
      source.addFeatures(found);
    }),
    effect(() => {
      theme.value;
      layer.changed();
    }),
  ];
  map.on('change:target', () => {
    if (map.getTarget()) return;
    for (const f of offs) f();
  });
  return layer;
}
