// SPDX-License-Identifier: Apache-2.0
/** cuts: the book of cut-offs, each from its cause to the power given back. */
import type { App } from '../../app/app';
import { title } from './title';

export function install(app: App): void {
  app.screens.add({
    id: 'cuts',
    order: 54,
    glyph: '断',
    title,
    right: 'history.read',
    ownPane: true,
    load: () => import('./CutsScreen'),
  });
}
