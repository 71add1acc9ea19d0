// SPDX-License-Identifier: Apache-2.0
/** What the map shows; kept while other screens are open. */
import { computed, signal } from '@preact/signals';
import { site } from '../../api/site';
import { pref } from '../../app/prefs';
import { selection } from '../../app/selection';
import type { Extent } from '../../map/projection';
import { trace } from '../../map/trace';
import type { MapFilter, ViewState } from '../../map/view';

const hiddenGroups = pref<string[]>('map.hidden', []);
export const onlyAbnormal = signal(false);
export const names = pref('map.names', true);
export const opacity = pref<Record<string, number>>('map.opacity', {});
/** Layers that are off; a layer of a feature may be on from the start. */
export const layersOn = pref<Record<string, boolean>>('map.layers', {});
export const panelOpen = pref('map.panel', true);
export const listOpen = pref('map.list', true);
export const boxed = signal<Extent | null>(null);
export const lastView = signal<ViewState | null>(null);
export const tracing = signal<{ place: string; dir: 'down' | 'up' } | null>(null);

export const filter = computed<MapFilter>(() => ({
  hidden: new Set(hiddenGroups.value),
  onlyAbnormal: onlyAbnormal.value,
  names: names.value,
}));

export function setGroup(group: string, on: boolean): void {
  const rest = hiddenGroups.value.filter((g) => g !== group);
  hiddenGroups.value = on ? rest : [...rest, group];
}

export const traced = computed(() => {
  const tr = tracing.value;
  return tr ? trace(site.value, tr.place, tr.dir) : [];
});

export const marked = computed<ReadonlySet<string>>(() => {
  const s = selection.value;
  const out = new Set(traced.value.map((x) => x.place));
  if (s?.kind === 'place') for (const p of site.value.below(s.id)) out.add(p);
  return out;
});
