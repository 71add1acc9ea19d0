// SPDX-License-Identifier: Apache-2.0
/** belts: the line as a schematic, its sequences and their runs. */
import { effect } from '@preact/signals';
import { can, ready } from '../../api/session';
import type { App } from '../../app/app';
import { book, refresh } from '../../sequences/book';
import { title } from './title';

/** A site without belts (assets.csv) has no such screen. */
async function addScreen(app: App): Promise<void> {
  await refresh();
  if (!book.value?.assets.some((a) => a.kind === 'belt')) return;
  app.screens.add({
    id: 'belts',
    order: 15,
    glyph: '带',
    key: 'c',
    title,
    right: 'view',
    ownPane: true,
    load: () => import('./BeltsScreen'),
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
