// SPDX-License-Identifier: Apache-2.0
/** backtest: tomorrow's limits or rules over hours that have passed. */
import type { App } from '../../app/app';
import { title } from './title';

const load = () => import('./BacktestScreen');

export function install(app: App): void {
  app.screens.add({
    id: 'backtest',
    order: 60,
    glyph: '测',
    key: 'b',
    title,
    right: 'backtest',
    ownPane: true,
    load,
  });
}
