// SPDX-License-Identifier: Apache-2.0
/** handover: the list the system makes at the end of a shift, and the signatures under it. */
import type { App } from '../../app/app';
import { title } from './title';

const load = () => import('./HandoverScreen');

export function install(app: App): void {
  app.screens.add({
    id: 'handover',
    order: 70,
    glyph: '班',
    key: 'h',
    title,
    right: 'view',
    load,
  });
}
