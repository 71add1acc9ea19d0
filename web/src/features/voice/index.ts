// SPDX-License-Identifier: Apache-2.0
/** voice: call a phone, speak to the speakers of a place, see what came of it. */
import { effect, signal } from '@preact/signals';
import { can, ready } from '../../api/session';
import { site } from '../../api/site';
import type { Talk } from '../../api/types';
import { live, past, pastTalks } from '../../api/world';
import type { App } from '../../app/app';
import { go } from '../../app/router';
import type { Target } from '../../app/selection';
import { CallDialog } from './CallDialog';
import { call, calling, marksOf, phonesIn, refresh, voice, withChange } from './state';
import { t } from './texts';

/** Calls and broadcasts that came to their end while this screen was open. */
const ended = signal(0);

const roleOf = (target: Target) => site.value.pointById.get(target.id)?.role ?? '';

const placeOf = (target: Target) =>
  target.kind === 'place' ? target.id : (site.value.pointById.get(target.id)?.place ?? '');

/** A site without a link of kind sip has no such screen. */
async function addScreen(app: App): Promise<void> {
  await refresh();
  if (!voice.value?.present) return;
  app.screens.add({
    id: 'voice',
    order: 33,
    glyph: '话',
    title: () => t('title'),
    right: 'view',
    ownPane: true,
    load: () => import('./VoiceScreen'),
  });
  app.overlays.add({ id: 'voice-call', view: CallDialog });
  app.marks.add({
    id: 'voice',
    title: () => t('title'),
    right: 'history.read',
    version: () => ended.value,
    load: marksOf,
  });
  app.actions.add({
    id: 'voice.call',
    order: 20,
    on: ['point'],
    acts: true,
    title: () => t('call.this'),
    when: (x) => can('call') && ['voice.phone', 'voice.speaker'].includes(roleOf(x)),
    run: (x) => {
      void call({ to: x.id });
      go(['voice']);
    },
  });
  app.actions.add({
    id: 'voice.area',
    order: 21,
    on: ['place'],
    acts: true,
    title: () => t('call.place'),
    when: (x) => can('call') && phonesIn(x.id).length > 0,
    run: (x) => {
      calling.value = { place: x.id, downstream: false };
    },
  });
  app.actions.add({
    id: 'voice.cast',
    order: 22,
    on: ['point', 'place'],
    acts: true,
    title: () => t('cast.here'),
    when: (x) => can('broadcast') && placeOf(x) !== '',
    run: (x) => go(['voice'], { place: placeOf(x) }),
  });
}

export function install(app: App): void {
  for (const type of ['call', 'broadcast']) {
    past.on(type, (e) => {
      pastTalks.value = withChange(pastTalks.value as Talk[], e as Talk);
    });
    live.on(type, (e) => {
      if ((e as { change?: string }).change === 'end') ended.value += 1;
    });
  }
  let asked = false;
  effect(() => {
    if (!ready.value || asked || !can('view')) return;
    asked = true;
    void addScreen(app);
  });
}
