// SPDX-License-Identifier: Apache-2.0
/** alarms: the list, its actions with their keys, the card of one alarm. */
import { isUnacked } from '../../api/alarms';
import { can } from '../../api/session';
import { replaying } from '../../api/world';
import type { App } from '../../app/app';
import { go } from '../../app/router';
import { alarmOf, flyTo, type Target } from '../../app/selection';
import { acknowledge, chosen, shelving } from './actions';
import { AlarmDialogs } from './Dialogs';
import { t } from './texts';

const loadScreen = () => import('./AlarmsScreen');
const loadMeasures = () => import('./MeasuresScreen');
const loadCard = () => import('./AlarmCard');

function canShelve(target: Target): boolean {
  const a = alarmOf(target);
  return !!a && !a.statutory && a.state !== 'shelved' && can('alarm.shelve');
}

export function install(app: App): void {
  app.screens.add({
    id: 'alarms',
    order: 20,
    glyph: '警',
    key: 'a',
    title: () => t('title'),
    right: 'view',
    ownPane: true,
    load: loadScreen,
  });
  app.screens.add({
    id: 'alarm-measures',
    order: 21,
    title: () => t('kpi.title'),
    right: 'history.read',
    load: loadMeasures,
  });
  app.cards.add({ id: 'alarm', load: loadCard });
  app.overlays.add({ id: 'alarm-dialogs', view: AlarmDialogs });
  app.actions.add({
    id: 'alarm.ack',
    order: 10,
    key: 'K',
    on: ['alarm'],
    acts: true,
    title: () => t('ack'),
    when: (target) => can('alarm.ack') && chosen(target).some((a) => isUnacked(a)),
    run: (target) => acknowledge(chosen(target)),
  });
  app.actions.add({
    id: 'alarm.shelve',
    order: 40,
    key: 'S',
    on: ['alarm'],
    acts: true,
    title: () => t('shelve'),
    when: (target) => !replaying.value && canShelve(target),
    run: (target) => {
      shelving.value = chosen(target).filter((a) => !a.statutory);
    },
  });
  app.actions.add({
    id: 'map.show',
    order: 30,
    key: 'M',
    on: ['alarm', 'point', 'place'],
    title: () => t('onMap'),
    run: (target) => {
      go(['map']);
      flyTo.value = target;
    },
  });
}
