// SPDX-License-Identifier: Apache-2.0
/** cameras: live pictures, the wall of them, and what was kept of an alarm. */
import { effect } from '@preact/signals';
import { can, ready } from '../../api/session';
import type { App } from '../../app/app';
import { cameras, refresh } from './state';
import { t } from './texts';

/** A site without cameras (cameras.csv) has no such screens. */
async function addScreens(app: App): Promise<void> {
  await refresh();
  if (!cameras.value.length) return;
  app.screens.add({
    id: 'cameras',
    order: 33,
    glyph: '视',
    key: 'k',
    title: () => t('title'),
    right: 'view',
    ownPane: true,
    load: () => import('./CamerasScreen'),
  });
  app.screens.add({
    id: 'camera-wall',
    order: 96,
    title: () => t('wall'),
    right: 'view',
    bare: true,
    load: () => import('./CameraWall'),
  });
}

export function install(app: App): void {
  let asked = false;
  effect(() => {
    if (!ready.value || asked || !can('view')) return;
    asked = true;
    void addScreens(app);
  });
}
