// SPDX-License-Identifier: Apache-2.0
/** health: is the program well, are its links up; how is the alarm system doing. */
import type { App } from '../../app/app';
import { go } from '../../app/router';
import { kpiTitle, title } from './title';

const load = () => import('./HealthScreen');

export function install(app: App): void {
  app.screens.add({
    id: 'health',
    order: 85,
    glyph: '健',
    key: 'x',
    title,
    right: 'view',
    ownPane: true,
    load,
  });
  app.finders.add({
    id: 'kpi',
    find: (q) =>
      `${kpiTitle()} kpi`.toLowerCase().includes(q.toLowerCase())
        ? [{ title: kpiTitle(), run: () => go(['health'], { tab: 'kpi' }) }]
        : [],
  });
}
