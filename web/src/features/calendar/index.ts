// SPDX-License-Identifier: Apache-2.0
/** calendar: which days are worked, by whose word; deadlines in working days are reckoned by it. */
import { effect } from '@preact/signals';
import { room } from '../../api/room';
import type { App } from '../../app/app';
import { title } from './title';

const load = () => import('./CalendarScreen');

export function install(app: App): void {
  let off: (() => void) | null = null;
  effect(() => {
    const any = room.value.workflows.length > 0;
    if (any === !!off) return;
    off?.();
    off = any
      ? app.screens.add({
          id: 'calendar',
          order: 58,
          title,
          ownPane: true,
          load,
        })
      : null;
  });
}
