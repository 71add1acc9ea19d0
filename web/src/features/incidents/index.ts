// SPDX-License-Identifier: Apache-2.0
/** incidents: what linkages have set going, step by step; a mine has the screen from the
 *  beginning, so that it stands where people look for it when something happens. */
import { effect } from '@preact/signals';
import { can, ready } from '../../api/session';
import { site } from '../../api/site';
import { live } from '../../api/world';
import type { App } from '../../app/app';
import { incidents, load, unfinished } from './state';
import { t } from './texts';

export function install(app: App): void {
  let asked = false;
  let shown = false;
  effect(() => {
    if (!ready.value || asked || !can('view')) return;
    asked = true;
    live.on('incident', () => void load());
    void load();
  });
  effect(() => {
    if (shown || !ready.value || !can('view')) return;
    if (incidents.value.length === 0 && !site.value.site.mine_code) return;
    shown = true;
    app.screens.add({
      id: 'incidents',
      order: 13,
      glyph: '联',
      title: () => t('title'),
      right: 'view',
      count: () => unfinished.value,
      countTitle: () => t('count', { n: unfinished.value }),
      ownPane: true,
      load: () => import('./IncidentsScreen'),
    });
  });
}
