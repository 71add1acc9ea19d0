// SPDX-License-Identifier: Apache-2.0
/** limits: the matrix of limits with where they come from, proposals of two persons, ranges. */
import type { App } from '../../app/app';
import { title } from './title';

const load = () => import('./LimitsScreen');

export function install(app: App): void {
  app.screens.add({
    id: 'limits',
    order: 45,
    glyph: '限',
    key: 'i',
    title,
    right: 'view',
    ownPane: true,
    load,
  });
}
