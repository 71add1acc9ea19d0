// SPDX-License-Identifier: Apache-2.0
/** overview: the mine on one screen, `#/overview`: production, safety, persons, air, power, water. */
import type { App } from '../../app/app';
import { t } from './texts';

const load = () => import('./OverviewScreen');

export function install(app: App): void {
  app.screens.add({
    id: 'overview',
    order: 12,
    glyph: '总',
    title: () => t('title'),
    right: 'view',
    load,
  });
}
