// SPDX-License-Identifier: Apache-2.0
/** Boreholes by their water-inrush coefficient, and lines of equal coefficient between them. */
import { effect } from '@preact/signals';
import type { FeatureLike } from 'ol/Feature';
import GeoJSON from 'ol/format/GeoJSON';
import type BaseLayer from 'ol/layer/Base';
import VectorLayer from 'ol/layer/Vector';
import type OlMap from 'ol/Map';
import VectorSource from 'ol/source/Vector';
import Circle from 'ol/style/Circle';
import Fill from 'ol/style/Fill';
import Stroke from 'ol/style/Stroke';
import Style from 'ol/style/Style';
import Text from 'ol/style/Text';
import { api } from '../../api/client';
import { live, replayAt, replaying } from '../../api/world';
import { type Limit, limits, none } from './limits';

const format = new GeoJSON();

const css = (name: string) =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function label(text: string, along: boolean): Text {
  return new Text({
    text,
    font: '11px system-ui, sans-serif',
    placement: along ? 'line' : 'point',
    offsetY: along ? 0 : -12,
    fill: new Fill({ color: css('--text') }),
    stroke: new Stroke({ color: css('--map-halo'), width: 3 }),
  });
}

export function styleOf(f: FeatureLike): Style {
  const value = Number(f.get('coefficient'));
  if (f.get('kind') === 'line') {
    const limit = f.get('verdict') === 'limit';
    return new Style({
      stroke: new Stroke({
        color: css(limit ? '--limit-cut' : '--limit-restore'),
        width: limit ? 2.4 : 1.2,
        lineDash: [6, 4],
      }),
      text: label(String(value), true),
    });
  }
  const over = f.get('verdict') === 'over';
  const known = f.get('verdict') !== 'unknown';
  const color = css(over ? '--limit-cut' : '--limit-restore');
  return new Style({
    image: new Circle({
      radius: over ? 7 : 5,
      declutterMode: 'none', // a borehole is never hidden behind a name
      fill: new Fill({ color: known ? color : css('--map-halo') }),
      stroke: new Stroke({ color, width: 2 }),
    }),
    text: label(`${over ? '▲ ' : ''}${f.get('no')} ${known ? value.toFixed(3) : '?'}`, false),
  });
}

export async function createInrushLayer(map: OlMap): Promise<BaseLayer> {
  const source = new VectorSource();
  const layer = new VectorLayer({ source, style: styleOf, zIndex: 46, declutter: true });
  let round = 0;
  const read = async (at: number | null) => {
    const mine = ++round;
    const got = await api.get<{ limits: Limit[]; features?: unknown[] }>('/water/inrush', { at });
    if (mine !== round) return;
    limits.value = got.limits;
    none.value = !got.features?.length;
    source.clear();
    source.addFeatures(format.readFeatures(got));
  };
  // a minute of the past at a time: registers do not change faster
  const minute = () => (replaying.value ? Math.floor(replayAt.value / 60_000) * 60_000 : null);
  let shown = minute();
  await read(shown);
  const offTime = effect(() => {
    const at = minute();
    if (at === shown) return;
    shown = at;
    void read(at).catch(() => undefined);
  });
  let wait: ReturnType<typeof setTimeout> | undefined;
  const offLive = live.on('record', (e) => {
    if ((e as { register?: string }).register !== 'water_borehole' || replaying.value) return;
    clearTimeout(wait);
    wait = setTimeout(() => void read(null).catch(() => undefined), 1000);
  });
  map.on('change:target', () => {
    if (map.getTarget()) return;
    clearTimeout(wait);
    offTime();
    offLive();
  });
  return layer;
}
