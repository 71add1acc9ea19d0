// SPDX-License-Identifier: Apache-2.0
/** What the live layer draws, in columns: points, assets and names with their place on the ground. */
import type { PointInfo } from '../api/model';
import type { SiteModel } from '../api/site';
import { nameOf } from '../app/i18n';
import { featuresOf, type MapData } from './base';

export interface Item {
  kind: 'point' | 'asset' | 'label';
  id: string;
  x: number;
  y: number;
  /** Several points of one place stand in a row beside each other: how many are before it. */
  slot: number;
  point?: PointInfo;
  group: string;
  glyph?: string;
  /** Equipment of the whole mine: shown at every scale. */
  main?: boolean;
  text?: string;
  /** Names: shown up to this 1:n. */
  maxScale?: number;
  size?: number;
  /** Height of the letters on the ground, as drawings give it. */
  height_m?: number;
}

const GLYPH: Record<string, string> = {
  fan: '风',
  door: '门',
  pump: '泵',
  belt: '带',
  switch: '电',
  camera: '像',
  phone: '话',
  speaker: '播',
};

const VOICE = new Set(['phone', 'speaker']);
const MAIN_KINDS = new Set(['shaft', 'surface', 'station', 'chamber']);
const L1_KINDS = new Set(['panel', 'heading-area', 'surface', 'shaft', 'mine', 'level']);

function placeLabels(s: SiteModel): Item[] {
  const out: Item[] = [];
  for (const p of s.places.values()) {
    if (p.x === undefined || p.y === undefined || p.x === null || p.y === null || p.kind === 'mine')
      continue;
    const big = L1_KINDS.has(p.kind);
    out.push({
      kind: 'label',
      id: p.id,
      x: p.x,
      y: p.y,
      slot: 0,
      group: '',
      text: nameOf(p),
      maxScale: big ? 60_000 : 9_000,
      size: big ? 15 : 12,
    });
  }
  return out;
}

function drawnLabels(data: MapData): Item[] {
  return featuresOf(data.layers.label).flatMap((f, i) => {
    const e = f.getGeometry()?.getExtent();
    const text = String(f.get('text') ?? f.get('Text') ?? ''); // Text: of a DXF
    if (!e || !text) return [];
    const height_m = Number(f.get('size') ?? 30);
    const label = { kind: 'label' as const, id: `label-${i}`, slot: 0, group: '' };
    return [{ ...label, x: e[0]!, y: e[1]!, text, height_m }];
  });
}

function assets(data: MapData, s: SiteModel): Item[] {
  return featuresOf(data.layers.asset).flatMap((f) => {
    const e = f.getGeometry()?.getExtent();
    if (!e) return [];
    const point = s.pointById.get(String(f.get('point') ?? ''));
    const kind = String(f.get('kind') ?? '');
    return [
      {
        kind: 'asset' as const,
        id: String(f.get('id') ?? f.getId() ?? ''),
        x: e[0]!,
        y: e[1]!,
        slot: 0,
        group: 'asset',
        glyph: GLYPH[kind] ?? '设',
        main: MAIN_KINDS.has(s.places.get(String(f.get('place')))?.kind ?? ''),
        // a phone or speaker is its point; in English every other thing has its point's English name
        text:
          point && VOICE.has(kind)
            ? nameOf(point)
            : nameOf({ name: String(f.get('name') ?? ''), name_en: point?.name_en }),
        ...(point ? { point } : {}),
      },
    ];
  });
}

export function itemsOf(s: SiteModel, data: MapData): Item[] {
  const used = new Map<string, number>();
  const assetItems = assets(data, s);
  const onAsset = new Set(assetItems.map((a) => a.point?.id));
  const points: Item[] = [];
  for (const p of s.points) {
    const at = s.position(p);
    if (!at || onAsset.has(p.id)) continue;
    const key = `${Math.round(at[0])} ${Math.round(at[1])}`;
    const slot = used.get(key) ?? 0;
    used.set(key, slot + 1);
    points.push({
      kind: 'point',
      id: p.id,
      x: at[0],
      y: at[1],
      slot,
      point: p,
      group: s.groupOf(p),
    });
  }
  const labels = data.layers.label?.features.length ? drawnLabels(data) : placeLabels(s);
  return [...labels, ...assetItems, ...points];
}
