// SPDX-License-Identifier: Apache-2.0
/** people: who is below, on the map and as lists; evacuation. */
import { replayAt, replaying } from '../../api/world';
import type { App } from '../../app/app';
import { hms } from '../../app/format';
import { t } from './texts';

const load = () => import('./PeopleScreen');

export function install(app: App): void {
  app.screens.add({
    id: 'people',
    order: 32,
    glyph: '人',
    title: () => t('title'),
    right: 'view',
    ownPane: true,
    load,
  });
  app.layers.add({
    id: 'people',
    order: 31,
    group: 'base',
    title: () => t('layer'),
    legend: () =>
      [replaying.value ? t('past', { at: hms(replayAt.value) }) : '', t('legend')]
        .filter(Boolean)
        .join(' · '),
    create: async (map) => (await import('./layer')).createPeopleLayer(map),
  });
}
