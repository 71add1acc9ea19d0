// SPDX-License-Identifier: Apache-2.0
/** drainage: plans of drainage and use by month, a person's and the solver's, side by side. */
import { effect } from '@preact/signals';
import { room } from '../../api/room';
import type { App } from '../../app/app';
import { title } from './title';

const load = () => import('./DrainageScreen');

export function install(app: App): void {
  let off: (() => void) | null = null;
  effect(() => {
    const any = room.value.registers.some((r) => r.id === 'drain_plan');
    if (any === !!off) return;
    off?.();
    off = any
      ? app.screens.add({
          id: 'drainage',
          order: 59,
          glyph: '抽',
          key: 'd',
          title,
          ownPane: true,
          load,
        })
      : null;
  });
}
