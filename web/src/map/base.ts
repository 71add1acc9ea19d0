// SPDX-License-Identifier: Apache-2.0
/** The drawing of the mine: areas and roadways as the integrator's map gives them. */

import type Feature from 'ol/Feature';
import type { FeatureLike } from 'ol/Feature';
import GeoJSON from 'ol/format/GeoJSON';
import type Geometry from 'ol/geom/Geometry';
import VectorImageLayer from 'ol/layer/VectorImage';
import VectorSource from 'ol/source/Vector';
import Fill from 'ol/style/Fill';
import Stroke from 'ol/style/Stroke';
import Style from 'ol/style/Style';
import { api } from '../api/client';
import type { Palette } from './palette';

export interface GeoLayer {
  type: 'FeatureCollection';
  features: {
    type: 'Feature';
    id?: string | number;
    properties: Record<string, unknown>;
    geometry: unknown;
  }[];
}

export interface MapData {
  layers: Record<string, GeoLayer | undefined>;
  /** Milliseconds that fetching and reading took. */
  loadMs: number;
}

/** The drawing of now, or as it was at `at` (epoch ms). */
export async function loadMap(at?: number): Promise<MapData> {
  const t0 = performance.now();
  const d = await api.get<{ layers: Record<string, GeoLayer> }>('/map', at ? { at } : {});
  return { layers: d.layers ?? {}, loadMs: performance.now() - t0 };
}

const format = new GeoJSON();

export function featuresOf(layer: GeoLayer | undefined): Feature<Geometry>[] {
  return layer ? (format.readFeatures(layer) as Feature<Geometry>[]) : [];
}

export interface BaseStyle {
  palette: () => Palette;
  /** Places that a trace or a selection marks. */
  marked: () => ReadonlySet<string>;
  /** Wider lines on paper. */
  factor?: number;
}

export function roadwayStyle(s: BaseStyle): (f: FeatureLike, resolution: number) => Style[] {
  const k = s.factor ?? 1;
  return (f, resolution) => {
    const p = s.palette();
    const width = Number(f.get('width_m') ?? 4);
    const px = Math.min(26, Math.max(1.6 * k, width / resolution));
    const hot = s.marked().has(String(f.get('place')));
    const edge = new Style({
      stroke: new Stroke({
        color: hot ? p.focus : p.roadEdge,
        width: px + (hot ? 4 : 1.4) * k,
        lineCap: 'round',
      }),
    });
    return [
      edge,
      new Style({ stroke: new Stroke({ color: p.road, width: px, lineCap: 'round' }) }),
    ];
  };
}

export function areaStyle(s: BaseStyle): (f: FeatureLike) => Style {
  return (f) => {
    const p = s.palette();
    const goaf = f.get('kind') === 'goaf';
    const hot = s.marked().has(String(f.get('place')));
    return new Style({
      fill: new Fill({ color: goaf ? p.goaf : p.area }),
      stroke: new Stroke({
        color: hot ? p.focus : p.roadEdge,
        width: hot ? 2.5 : 1,
        lineDash: goaf ? [6, 4] : [],
      }),
    });
  };
}

export function areaLayer(data: MapData, s: BaseStyle): VectorImageLayer {
  return new VectorImageLayer({
    source: new VectorSource({ features: featuresOf(data.layers.area) }),
    style: areaStyle(s),
    imageRatio: 1.5,
  });
}

export function roadwayLayer(data: MapData, s: BaseStyle): VectorImageLayer {
  return new VectorImageLayer({
    source: new VectorSource({ features: featuresOf(data.layers.roadway) }),
    style: roadwayStyle(s),
    imageRatio: 1.5,
  });
}

export function* coordinates(data: MapData): Generator<[number, number]> {
  for (const layer of Object.values(data.layers)) {
    for (const f of featuresOf(layer)) {
      const e = f.getGeometry()?.getExtent();
      if (e && Number.isFinite(e[0])) {
        yield [e[0]!, e[1]!];
        yield [e[2]!, e[3]!];
      }
    }
  }
}
