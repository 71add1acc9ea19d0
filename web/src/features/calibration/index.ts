// SPDX-License-Identifier: Apache-2.0
/** calibration: records that are open, those that are over, and the interlock tests that are due. */
import type { App } from '../../app/app';
import { title } from './title';

const load = () => import('./CalibrationScreen');

export function install(app: App): void {
  app.screens.add({
    id: 'calibration',
    order: 52,
    glyph: '校',
    key: 'k',
    title,
    right: 'view',
    ownPane: true,
    load,
  });
}
