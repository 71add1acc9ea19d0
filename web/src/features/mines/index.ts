// SPDX-License-Identifier: Apache-2.0
/** mines: what a county or a region has below it, at whichever of its nodes. */
import { effect } from '@preact/signals';
import { api } from '../../api/client';
import type { Health } from '../../api/records';
import { can, ready } from '../../api/session';
import type { App } from '../../app/app';
import { t } from './texts';

/** A site without links of kind mine has no such screen. */
async function addScreen(app: App): Promise<void> {
  const h = await api.get<Health>('/health');
  if (!h.links.some((l) => l.kind === 'mine')) return;
  app.screens.add({
    id: 'mines',
    order: 11,
    glyph: '矿',
    title: () => t('title'),
    right: 'view',
    ownPane: true,
    load: () => import('./MinesScreen'),
  });
}

export function install(app: App): void {
  let asked = false;
  effect(() => {
    if (!ready.value || asked || !can('view')) return;
    asked = true;
    void addScreen(app).catch(() => {
      asked = false;
    });
  });
}
