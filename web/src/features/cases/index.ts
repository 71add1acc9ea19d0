// SPDX-License-Identifier: Apache-2.0
/** cases: what is to be done, by whom and until when; a board, a list, a calendar and a map layer. */
import { effect } from '@preact/signals';
import { room } from '../../api/room';
import type { App } from '../../app/app';
import { counts, startCounting } from './state';
import { t } from './texts';

const load = () => import('./CasesScreen');

export function install(app: App): void {
  startCounting();
  let offs: (() => void)[] = [];
  effect(() => {
    const any = room.value.workflows.length > 0;
    if (any === offs.length > 0) return;
    for (const f of offs) f();
    offs = any
      ? [
          app.screens.add({
            id: 'cases',
            order: 35,
            glyph: '办',
            key: 'w',
            title: () => t('title'),
            count: () => counts.value.mine,
            countTitle: () => t('count', { n: counts.value.mine, m: counts.value.late }),
            ownPane: true,
            load,
          }),
          app.layers.add({
            id: 'cases',
            order: 50,
            group: 'records',
            title: () => t('layer'),
            legend: () => t('layer.legend'),
            create: async (map) => (await import('./layer')).createCaseLayer(map),
          }),
        ]
      : [];
  });
}
