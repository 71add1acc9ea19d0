// SPDX-License-Identifier: Apache-2.0
/** reports: the seven reports of a day or a shift, to look at, print, sign and keep. */
import type { App } from '../../app/app';
import { t } from './texts';

const load = () => import('./ReportsScreen');

export function install(app: App): void {
  app.screens.add({
    id: 'reports',
    order: 55,
    glyph: '表',
    key: 'r',
    title: () => t('title'),
    right: 'report.read',
    ownPane: true,
    load,
  });
}
