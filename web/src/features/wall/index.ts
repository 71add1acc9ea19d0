// SPDX-License-Identifier: Apache-2.0
/** wall: the overview on a video wall, `#/wall`. It follows the desk's selection and takes no input. */
import type { App } from '../../app/app';
import { startFollowing } from './follow';
import { t } from './texts';

const load = () => import('./WallScreen');

export function install(app: App): void {
  app.screens.add({
    id: 'wall',
    order: 95,
    title: () => t('title'),
    right: 'view',
    bare: true,
    load,
  });
  startFollowing();
}
