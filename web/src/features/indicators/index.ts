// SPDX-License-Identifier: Apache-2.0
/** indicators: figures with their targets, how they are reckoned, and the records behind each. */
import { effect } from '@preact/signals';
import { room } from '../../api/room';
import type { App } from '../../app/app';
import { title } from './title';

const load = () => import('./IndicatorsScreen');

export function install(app: App): void {
  let off: (() => void) | null = null;
  effect(() => {
    const any = room.value.indicators.length > 0;
    if (any === !!off) return;
    off?.();
    off = any
      ? app.screens.add({
          id: 'indicators',
          order: 56,
          glyph: '标',
          key: 'i',
          title,
          ownPane: true,
          load,
        })
      : null;
  });
}
