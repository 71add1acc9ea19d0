// SPDX-License-Identifier: Apache-2.0
/** cameras: live pictures, the wall of them, and what was kept of an alarm. */
import { effect } from '@preact/signals';
import { can, ready } from '../../api/session';
import { site } from '../../api/site';
import { live, replaying } from '../../api/world';
import type { App } from '../../app/app';
import { openDock } from './dock';
import { Overlay } from './Overlay';
import { cameras, refresh } from './state';
import { t } from './texts';

interface Asked {
  change?: string;
  point?: string;
  cameras?: string[];
}

/** A rule has cameras looked at: those that this person may see open by themselves. */
async function onAsked(data: unknown): Promise<void> {
  const p = data as Asked;
  if (p.change !== 'ask' || replaying.value) return;
  await refresh(); // those that give no picture now stay away
  const list = cameras.value.filter((c) => p.cameras?.includes(c.id) && (c.signal || !c.known));
  if (list.length) openDock(list, t('dock.alarm', { name: site.value.pointName(p.point ?? '') }));
}

/** A site without cameras (cameras.csv) has none of this. */
async function addAll(app: App): Promise<void> {
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
  app.layers.add({
    id: 'cameras',
    order: 33,
    group: 'base',
    title: () => t('layer'),
    legend: () => t('legend'),
    create: async (map) => (await import('./layer')).createCameraLayer(map),
  });
  app.sections.add({
    id: 'cameras',
    order: 40,
    title: () => t('title'),
    on: ['alarm', 'point', 'place'],
    load: () => import('./Section'),
  });
  app.overlays.add({ id: 'cameras', view: Overlay });
  live.on('picture', (p) => void onAsked(p));
}

export function install(app: App): void {
  let asked = false;
  effect(() => {
    if (!ready.value || asked || !can('view')) return;
    asked = true;
    void addAll(app);
  });
}
