// SPDX-License-Identifier: Apache-2.0
/**
 * users: who may log in and with which roles; the roles themselves; the log of access. Nobody holds
 * two of the three administrations, so each finds its own entry in the rail.
 */
import { can } from '../../api/session';
import type { App } from '../../app/app';
import { auditTitle, rolesTitle, title } from './title';

const load = () => import('./UsersScreen');

export function install(app: App): void {
  app.screens.add({
    id: 'users',
    order: 80,
    glyph: '户',
    key: 'u',
    title,
    right: 'user.admin',
    ownPane: true,
    load,
  });
  app.screens.add({
    id: 'roles',
    order: 81,
    get glyph() {
      return can('user.admin') ? '' : '权';
    },
    title: rolesTitle,
    right: 'security.admin',
    ownPane: true,
    load,
  });
  app.screens.add({
    id: 'audit',
    order: 82,
    get glyph() {
      return can('user.admin') ? '' : '审';
    },
    title: auditTitle,
    right: 'audit.read',
    ownPane: true,
    load,
  });
}
