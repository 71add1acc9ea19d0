// SPDX-License-Identifier: Apache-2.0
/** vent: the solved airflow on the map, with its age and state. */
import { replaying } from '../../api/world';
import type { App } from '../../app/app';
import { airflow, stateText } from './state';
import { t } from './texts';

export function install(app: App): void {
  app.layers.add({
    id: 'airflow',
    order: 30,
    group: 'base',
    title: () => t('layer'),
    legend: () =>
      [stateText(airflow.value, replaying.value), t('legend')].filter(Boolean).join(' · '),
    create: async (map) => (await import('./layer')).createAirLayer(map),
  });
}
