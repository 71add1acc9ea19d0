// SPDX-License-Identifier: Apache-2.0
/** plant: machines by their kind (assets.csv): drawn, watched, and where they may be, commanded. */
import { effect } from '@preact/signals';
import { can, ready } from '../../api/session';
import type { App } from '../../app/app';
import { book, refresh } from '../../sequences/book';
import { KINDS } from './kinds';
import { title } from './title';

/** A site without such machines has no such screen. */
async function addScreen(app: App): Promise<void> {
  await refresh();
  if (!book.value?.assets.some((a) => KINDS.includes(a.kind))) return;
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
