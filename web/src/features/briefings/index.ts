// SPDX-License-Identifier: Apache-2.0
/** briefings: reports of a period that packs declare, to read, to send, and on one screen for a meeting. */
import { effect } from '@preact/signals';
import { room } from '../../api/room';
import type { App } from '../../app/app';
import { t } from './texts';

const load = () => import('./BriefingScreen');
const board = () => import('./BoardScreen');

export function install(app: App): void {
  let off: (() => void)[] = [];
  effect(() => {
    const any = (room.value.briefings ?? []).length > 0;
    if (any === off.length > 0) return;
    for (const f of off) f();
    off = any
      ? [
          app.screens.add({
            id: 'briefings',
            order: 57,
            glyph: '报',
            title: () => t('title'),
            ownPane: true,
            load,
          }),
          app.screens.add({
            id: 'board',
            order: 96,
            title: () => t('board'),
            bare: true,
            load: board,
          }),
        ]
      : [];
  });
}
