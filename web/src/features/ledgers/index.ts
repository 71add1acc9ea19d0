// SPDX-License-Identifier: Apache-2.0
/** ledgers: accounts with balances, entries with the balance after each, posting, reversing, closing. */
import { effect } from '@preact/signals';
import { room } from '../../api/room';
import type { App } from '../../app/app';
import { title } from './title';

const load = () => import('./LedgersScreen');

export function install(app: App): void {
  let off: (() => void) | null = null;
  effect(() => {
    const any = room.value.ledgers.length > 0;
    if (any === !!off) return;
    off?.();
    off = any
      ? app.screens.add({
          id: 'ledgers',
          order: 57,
          glyph: '账',
          key: 'b',
          title,
          ownPane: true,
          load,
        })
      : null;
  });
}
