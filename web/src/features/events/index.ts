// SPDX-License-Identifier: Apache-2.0
/** events: what happened and who did what, out of the journal. */
import type { App } from '../../app/app';
import { t } from './texts';

const load = () => import('./EventsScreen');

export function install(app: App): void {
  app.screens.add({
    id: 'events',
    order: 50,
    glyph: '事',
    key: 'e',
    title: () => t('title'),
    right: 'history.read',
    load,
  });
}
