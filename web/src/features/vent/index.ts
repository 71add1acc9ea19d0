// SPDX-License-Identifier: Apache-2.0
/** vent: the solved airflow on the map with its age and state, and what if. */
import { effect } from '@preact/signals';
import { api } from '../../api/client';
import { can, ready } from '../../api/session';
import { replaying } from '../../api/world';
import type { App } from '../../app/app';
import { type Airflow, airflow, contradictText, stateText } from './state';
import { t } from './texts';

/** A site without roadways (airways.csv) has no such screen. */
async function addScreen(app: App): Promise<void> {
  const got = await api.get<Airflow>('/vent').catch(() => null);
  if (!got || got.state === 'none') return;
  app.screens.add({
    id: 'what-if',
    order: 61,
    glyph: '演',
    key: 'v',
    title: () => t('what-if'),
    right: 'view',
    ownPane: true,
    load: () => import('./WhatIfScreen'),
  });
}

export function install(app: App): void {
  app.layers.add({
    id: 'airflow',
    order: 30,
    group: 'base',
    title: () => t('layer'),
    legend: () =>
      [
        stateText(airflow.value, replaying.value),
        contradictText(airflow.value, replaying.value),
        t('legend'),
      ]
        .filter(Boolean)
        .join(' · '),
    create: async (map) => (await import('./layer')).createAirLayer(map),
  });
  let asked = false;
  effect(() => {
    if (!ready.value || asked || !can('view')) return;
    asked = true;
    void addScreen(app);
  });
}
