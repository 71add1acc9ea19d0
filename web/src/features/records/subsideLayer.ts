// SPDX-License-Identifier: Apache-2.0
/** Lines of equal ground movement above every face of a register, as a layer of the main map. */
import type Feature from 'ol/Feature';
import type { FeatureLike } from 'ol/Feature';
import GeoJSON from 'ol/format/GeoJSON';
import type BaseLayer from 'ol/layer/Base';
import VectorLayer from 'ol/layer/Vector';
import type OlMap from 'ol/Map';
import VectorSource from 'ol/source/Vector';
import Fill from 'ol/style/Fill';
import Stroke from 'ol/style/Stroke';
import Style from 'ol/style/Style';
import Text from 'ol/style/Text';
import { api } from '../../api/client';
import { live } from '../../api/world';
import type { Quantity } from './subside';

const FACES_MAX = 200;
const format = new GeoJSON();

export interface Line {
  properties: { level: number; filled: boolean };
  geometry: unknown;
}

/** The further from nothing, the thicker; what presses is dotted, without backfill dashed. */
export function styleOf(f: FeatureLike): Style {
  const css = getComputedStyle(document.documentElement);
  const level = Number(f.get('level'));
  const filled = !!f.get('filled');
  const rank = Number(f.get('rank') ?? 0);
  const color = css.getPropertyValue(filled ? '--limit-restore' : '--limit-cut').trim();
  const lineDash = level < 0 ? [2, 4] : filled ? [] : [8, 4];
  return new Style({
    stroke: new Stroke({ color, width: 1 + rank * 0.35, lineDash }),
    text: new Text({
      text: String(level),
      placement: 'line',
      font: '11px system-ui, sans-serif',
      fill: new Fill({ color: css.getPropertyValue('--text').trim() }),
      stroke: new Stroke({ color: css.getPropertyValue('--map-halo').trim(), width: 3 }),
    }),
  });
}

export function featuresOf(lines: readonly Line[]): Feature[] {
  const levels = [...new Set(lines.map((f) => Math.abs(f.properties.level)))].sort((x, y) => x - y);
  return lines.map(
    (one) =>
      format.readFeature({
        type: 'Feature',
        properties: { ...one.properties, rank: levels.indexOf(Math.abs(one.properties.level)) },
        geometry: one.geometry,
      }) as Feature,
  );
}

/** A record without its figures, or that is no face, has no lines: that is said on its own page. */
async function read(register: string, quantity: Quantity, source: VectorSource): Promise<void> {
  const faces = await api.get<{ features: { id?: number; properties: { id?: number } }[] }>(
    `/records/${register}/map`,
  );
  const all: Feature[] = [];
  for (const f of faces.features.slice(0, FACES_MAX)) {
    const id = f.id ?? f.properties.id;
    try {
      const a = await api.get<{ features: Line[] }>(`/records/${register}/${id}/subsidence`, {
        quantity,
      });
      all.push(...featuresOf(a.features));
    } catch {}
  }
  source.clear();
  source.addFeatures(all);
}

export async function createSubsideLayer(
  map: OlMap,
  register: string,
  quantity: Quantity,
): Promise<BaseLayer> {
  const source = new VectorSource();
  await read(register, quantity, source);
  const layer = new VectorLayer({ source, style: styleOf, zIndex: 45, declutter: true });
  let wait: ReturnType<typeof setTimeout> | undefined;
  const off = live.on('record', (e) => {
    if ((e as { register?: string }).register !== register) return;
    clearTimeout(wait);
    wait = setTimeout(() => void read(register, quantity, source).catch(() => undefined), 1000);
  });
  map.on('change:target', () => {
    if (map.getTarget()) return;
    clearTimeout(wait);
    off();
  });
  return layer;
}
