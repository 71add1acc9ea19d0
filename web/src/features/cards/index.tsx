// SPDX-License-Identifier: Apache-2.0
/** cards: the response card of an alarm (`R`), and the list of all cards. */
import type { App } from '../../app/app';
import { Lazy } from '../../app/Lazy';
import { openCardId, respond } from './state';
import { t } from './texts';

const loadCard = () => import('./ResponseCard');
const loadScreen = () => import('./CardsScreen');

function CardOverlay() {
  const id = openCardId.value;
  return id === null ? null : <Lazy key={id} load={loadCard} props={{ id }} />;
}

export function install(app: App): void {
  app.screens.add({
    id: 'cards',
    order: 30,
    glyph: '单',
    key: 'w',
    title: () => t('title'),
    right: 'view',
    load: loadScreen,
  });
  app.overlays.add({ id: 'card', view: CardOverlay });
  app.actions.add({
    id: 'alarm.respond',
    order: 20,
    key: 'R',
    on: ['alarm'],
    title: () => t('respond'),
    run: (target) => void respond(Number(target.id)),
  });
}
