// SPDX-License-Identifier: Apache-2.0
/** users: who may log in and with which roles; the roles themselves; the log of access. */
import { can } from '../../api/session';
import type { App } from '../../app/app';
import { go } from '../../app/router';
import { t } from './texts';

const load = () => import('./UsersScreen');

export function install(app: App): void {
  app.screens.add({
    id: 'users',
    order: 80,
    glyph: '人',
    key: 'u',
    title: () => t('title'),
    right: 'user.admin',
    ownPane: true,
    load,
  });
  // whoever may read the log but manages no users still reaches it
  app.screens.add({
    id: 'audit',
    order: 81,
    title: () => t('tab.audit'),
    right: 'audit.read',
    ownPane: true,
    load,
  });
  app.finders.add({
    id: 'audit',
    find: (q) =>
      can('audit.read') && t('tab.audit').toLowerCase().includes(q.toLowerCase())
        ? [{ title: t('tab.audit'), run: () => go(['audit']) }]
        : [],
  });
}
