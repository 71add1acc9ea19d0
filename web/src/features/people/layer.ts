// SPDX-License-Identifier: Apache-2.0
/** Persons on their roadways: dots for those who may see them, a number in each area for all; while
 *  an evacuation is under way its routes, exits and refuges. */
import { effect } from '@preact/signals';
import Feature from 'ol/Feature';
import LineString from 'ol/geom/LineString';
import Point from 'ol/geom/Point';
import type BaseLayer from 'ol/layer/Base';
import VectorLayer from 'ol/layer/Vector';
import type OlMap from 'ol/Map';
import VectorSource from 'ol/source/Vector';
import CircleStyle from 'ol/style/Circle';
import Fill from 'ol/style/Fill';
import RegularShape from 'ol/style/RegularShape';
import Stroke from 'ol/style/Stroke';
import Style from 'ol/style/Style';
import Text from 'ol/style/Text';
import { site } from '../../api/site';
import { lang } from '../../app/i18n';
import { theme } from '../../app/prefs';
import { featuresOf, loadMap } from '../../map/base';
import { screenPalette } from '../../map/palette';
import {
  along,
  type People,
  people,
  type Station,
  stations,
  vehicleLabel,
  watchPeople,
} from './state';

type Lines = Map<string, { line: number[][]; long: number }>;
const FONT = 'system-ui, sans-serif';
const NAME_RESOLUTION = 0.8;
const WAY_RESOLUTION = 2.5; // coarser, figures of short ways lie over one another

function label(text: string, size: number, bold: boolean, dy: number): Text {
  const p = screenPalette();
  return new Text({
    text,
    offsetY: dy,
    font: `${bold ? 'bold ' : ''}${size}px ${FONT}`,
    fill: new Fill({ color: p.text }),
    stroke: new Stroke({ color: p.halo, width: 3 }),
  });
}

function personStyle(f: Feature, resolution: number): Style {
  const p = screenPalette();
  const sos = f.get('sos') as boolean;
  const lost = f.get('lost') as boolean;
  const stroke = new Stroke({ color: p.text, width: sos ? 3 : 1.5 });
  return new Style({
    image: new CircleStyle({
      radius: sos ? 9 : 4,
      stroke,
      fill: new Fill({ color: lost ? p.halo : p.text }),
    }),
    zIndex: sos ? 2 : 1,
    ...(sos
      ? { text: label(`! ${f.get('card')}`, 14, true, -18) }
      : resolution < NAME_RESOLUTION
        ? { text: label(String(f.get('card')), 11, false, -11) }
        : {}),
  });
}

/** A flat box: hollow when it is silent, heavy when it is too fast or where it may not be. */
function vehicleStyle(f: Feature, resolution: number): Style {
  const p = screenPalette();
  const bad = f.get('bad') as boolean;
  return new Style({
    image: new RegularShape({
      points: 4,
      radius: 9,
      angle: Math.PI / 4,
      scale: [1, 0.6],
      fill: new Fill({ color: f.get('lost') ? p.halo : p.text }),
      stroke: new Stroke({ color: p.text, width: bad ? 3 : 1.5 }),
    }),
    zIndex: bad ? 2 : 1,
    ...(bad || resolution < 4 * NAME_RESOLUTION
      ? { text: label(`${bad ? '! ' : ''}${f.get('label')}`, bad ? 14 : 11, bad, 15) }
      : {}),
  });
}

function areaStyle(f: Feature): Style {
  return new Style({ text: label(String(f.get('count')), 15, true, 0), zIndex: 3 });
}

function wayStyle(f: Feature, resolution: number): Style[] {
  const p = screenPalette();
  const geometry = f.getGeometry() as LineString;
  const spot = along(geometry.getCoordinates(), 0.5);
  const out = [new Style({ stroke: new Stroke({ color: p.focus, width: 4 }) })];
  if (spot) {
    const turn = f.get('along') ? 0 : Math.PI;
    out.push(
      new Style({
        geometry: new Point(spot.at),
        image: new RegularShape({
          points: 3,
          radius: 8,
          rotation: Math.PI / 2 - spot.angle - turn,
          rotateWithView: true,
          fill: new Fill({ color: p.focus }),
          stroke: new Stroke({ color: p.halo, width: 1.5 }),
        }),
        ...(resolution < WAY_RESOLUTION
          ? { text: label(String(f.get('persons')), 12, false, -14) }
          : {}),
      }),
    );
  }
  return out;
}

function stationStyle(f: Feature): Style {
  const p = screenPalette();
  const exit = f.get('kind') === 'exit';
  return new Style({
    image: new RegularShape({
      points: 4,
      radius: 9,
      angle: exit ? Math.PI / 4 : 0,
      fill: new Fill({ color: p.halo }),
      stroke: new Stroke({ color: p.text, width: 2 }),
    }),
    text: label(String(f.get('name')), 13, true, -17),
    zIndex: 4,
  });
}

function styleOf(f: Feature, resolution: number): Style | Style[] {
  switch (f.get('what')) {
    case 'person':
      return personStyle(f, resolution);
    case 'vehicle':
      return vehicleStyle(f, resolution);
    case 'area':
      return areaStyle(f);
    case 'way':
      return wayStyle(f, resolution);
    default:
      return stationStyle(f);
  }
}

async function linesOf(): Promise<Lines> {
  const out: Lines = new Map();
  for (const road of featuresOf((await loadMap()).layers.roadway)) {
    const line = road.getGeometry();
    if (line instanceof LineString && road.get('airway')) {
      out.set(String(road.get('airway')), {
        line: line.getCoordinates(),
        long: line.getLength(),
      });
    }
  }
  return out;
}

function made(what: string, geometry: Point | LineString, more: Record<string, unknown>): Feature {
  const f = new Feature(geometry);
  f.setProperties({ what, ...more }, true);
  return f;
}

function spotOf(lines: Lines, airway: string | undefined, at_m: number | undefined) {
  const l = airway ? lines.get(airway) : undefined;
  return l && along(l.line, l.long > 0 ? (at_m ?? 0) / l.long : 0)?.at;
}

interface Placed {
  place?: string;
  airway?: string;
  at_m?: number;
}
function whereIs(x: Placed, lines: Lines): number[] | null {
  const place = x.place ? site.value.places.get(x.place) : undefined;
  return (
    spotOf(lines, x.airway, x.at_m) ??
    (place?.x != null && place.y != null ? [place.x, place.y] : null)
  );
}

function vehicleFeatures(p: People, lines: Lines): Feature[] {
  return (p.vehicles ?? []).flatMap((v) => {
    const at = whereIs(v, lines);
    const bad = v.is.some((i) => i !== 'lost');
    const more = { label: vehicleLabel(v), lost: v.is.includes('lost'), bad };
    return at ? [made('vehicle', new Point(at), more)] : [];
  });
}

function personFeatures(p: People, lines: Lines): Feature[] {
  return p.items.flatMap((x) => {
    const at = whereIs(x, lines);
    const more = { card: x.card, sos: !!x.sos, lost: x.is.includes('lost') };
    return at ? [made('person', new Point(at), more)] : [];
  });
}

function areaFeatures(p: People): Feature[] {
  return p.areas.flatMap((a) => {
    const place = site.value.places.get(a.place);
    const known = place?.x != null && place.y != null && place.parent;
    return known && a.count > 0
      ? [made('area', new Point([place.x!, place.y!]), { count: a.count })]
      : [];
  });
}

function evacuationFeatures(p: People, all: readonly Station[], lines: Lines): Feature[] {
  const e = p.evacuation;
  if (!e || e.ended) return [];
  const ways = (e.plan?.ways ?? []).flatMap((w) => {
    const l = lines.get(w.airway);
    return l ? [made('way', new LineString(l.line), { along: w.along, persons: w.persons })] : [];
  });
  const goals = all.flatMap((s) => {
    const at = s.kind === 'anchor' ? null : spotOf(lines, s.airway, s.at_m);
    const name = (lang.value === 'en' ? s.name_en : s.name) || s.id;
    return at ? [made('station', new Point(at), { kind: s.kind, name })] : [];
  });
  return [...ways, ...goals];
}

export async function createPeopleLayer(map: OlMap): Promise<BaseLayer> {
  const lines = await linesOf();
  const source = new VectorSource();
  const layer = new VectorLayer({
    source,
    style: (f, r) => styleOf(f as Feature, r),
    zIndex: 45,
    declutter: false,
  });
  const offs = [
    watchPeople(),
    effect(() => {
      const p = people.value;
      const found = p
        ? [
            ...evacuationFeatures(p, stations.value, lines),
            ...vehicleFeatures(p, lines),
            ...personFeatures(p, lines),
            ...areaFeatures(p),
          ]
        : [];
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
