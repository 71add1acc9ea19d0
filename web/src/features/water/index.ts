// SPDX-License-Identifier: Apache-2.0
/** water: the water-inrush coefficient of boreholes on the main map, live and in the past. */
import { effect } from '@preact/signals';
import { room } from '../../api/room';
import type { App } from '../../app/app';
import { legend } from './limits';
import { t } from './texts';

export function install(app: App): void {
  let off: (() => void) | null = null;
  effect(() => {
    const any = room.value.registers.some((r) => r.id === 'water_borehole');
    if (any === !!off) return;
    off?.();
    off = any
      ? app.layers.add({
          id: 'inrush',
          order: 63,
          on: false,
          group: 'records',
          title: () => t('layer'),
          legend,
          create: async (map) => (await import('./inrushLayer')).createInrushLayer(map),
        })
      : null;
  });
}
