// SPDX-License-Identifier: Apache-2.0
/** point: the page of one point with all its records, `#/point/<id>`. */
import type { App } from '../../app/app';
import { go } from '../../app/router';
import { pointIdOf } from '../../app/selection';
import { t } from './texts';

const load = () => import('./PointScreen');

export function install(app: App): void {
  app.screens.add({
    id: 'point',
    order: 91,
    title: () => t('title'),
    right: 'view',
    ownPane: true,
    load,
  });
  app.actions.add({
    id: 'point.page',
    order: 60,
    key: 'P',
    on: ['point', 'alarm'],
    title: () => t('page'),
    run: (target) => {
      const id = pointIdOf(target);
      if (id) go(['point', id]);
    },
  });
}
