// SPDX-License-Identifier: Apache-2.0
/** object: the one card of a point or a place, beside any screen and at `#/o/<id>`. */
import type { App } from '../../app/app';
import { ObjectDialogs } from './Dialogs';
import { t } from './texts';

const loadPoint = () => import('./PointCard');
const loadPlace = () => import('./PlaceCard');
const loadScreen = () => import('./ObjectScreen');

export function install(app: App): void {
  app.screens.add({
    id: 'o',
    order: 90,
    title: () => t('title'),
    right: 'view',
    ownPane: true,
    load: loadScreen,
  });
  app.cards.add({ id: 'point', load: loadPoint });
  app.cards.add({ id: 'place', load: loadPlace });
  app.overlays.add({ id: 'object-dialogs', view: ObjectDialogs });
}
