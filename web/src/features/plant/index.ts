// SPDX-License-Identifier: Apache-2.0
/** plant: machines by their kind (assets.csv): drawn, watched, and where they may be, commanded. */
import { effect } from '@preact/signals';
import { can, ready } from '../../api/session';
import type { App } from '../../app/app';
import { book, refresh } from '../../sequences/book';
import { KINDS } from './kinds';
import { networkLegend, networkTitle, title } from './title';

/** The ring, and what base stations serve. */
function addLayer(app: App): void {
  app.layers.add({
    id: 'network',
    order: 32,
    on: false,
    group: 'base',
    title: networkTitle,
    legend: networkLegend,
    create: async (map) => (await import('./networkLayer')).createNetworkLayer(map),
  });
}

/** A site without such machines has no such screen. */
async function addScreen(app: App): Promise<void> {
  await refresh();
  if (!book.value?.assets.some((a) => KINDS.includes(a.kind))) return;
  if (book.value.assets.some((a) => a.kind === 'base' || a.kind === 'switch')) addLayer(app);
  app.screens.add({
    id: 'plant',
    order: 16,
    glyph: '机',
    key: 'y',
    title,
    right: 'view',
    load: () => import('./PlantScreen'),
  });
}

export function install(app: App): void {
  let asked = false;
  effect(() => {
    if (!ready.value || asked || !can('view')) return;
    asked = true;
    void addScreen(app);
  });
}
