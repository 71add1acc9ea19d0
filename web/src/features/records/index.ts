// SPDX-License-Identifier: Apache-2.0
/** records: registers as tables and forms, all from the declaration; a map layer for each that has a place. */
import { effect } from '@preact/signals';
import { loadRoom, registerOf, room } from '../../api/room';
import { ready } from '../../api/session';
import type { App } from '../../app/app';
import { pick } from '../../app/i18n';
import { isWalk } from '../../registers/value';
import { hasSubsidence, QUANTITIES } from './subside';
import { t } from './texts';

const load = () => import('./Screen');

export function install(app: App): void {
  effect(() => {
    if (ready.value) void loadRoom();
  });
  // a mine without registers has no such screen
  let screen: (() => void) | null = null;
  const layers = new Map<string, () => void>();
  effect(() => {
    const list = room.value.registers;
    if (list.length > 0 && !screen)
      screen = app.screens.add({
        id: 'registers',
        order: 42,
        glyph: '册',
        key: 'l',
        title: () => t('title'),
        ownPane: true,
        load,
      });
    else if (list.length === 0 && screen) {
      screen();
      screen = null;
    }
    for (const r of list) {
      if (r.fields.some(isWalk) && !layers.has(`${r.id}.walks`))
        layers.set(
          `${r.id}.walks`,
          app.layers.add({
            id: `walks.${r.id}`,
            order: 61,
            group: 'records',
            title: () => t('walk.layer', { title: pick(r.title) }),
            create: async (map) =>
              (await import('../../registers/walkLayer')).createWalkLayer(map, r.id),
          }),
        );
      if (hasSubsidence(r) && !layers.has(`${r.id}.sink`))
        for (const q of QUANTITIES)
          layers.set(
            `${r.id}.${q}`,
            app.layers.add({
              id: `subsidence.${r.id}.${q}`,
              order: 62,
              on: false,
              group: 'records',
              title: () => t('sub.layer', { quantity: t(`sub.${q}`), title: pick(r.title) }),
              legend: () => t('sub.layer.legend'),
              create: async (map) =>
                (await import('./subsideLayer')).createSubsideLayer(map, r.id, q),
            }),
          );
      if (!r.map || layers.has(r.id)) continue;
      layers.set(
        r.id,
        app.layers.add({
          id: `register.${r.id}`,
          order: 60,
          group: 'records',
          title: () => pick(r.title),
          create: async (map) =>
            (await import('../../registers/layer')).createLayer(map, {
              registers: () => [registerOf(r.id) ?? r],
            }),
        }),
      );
    }
  });
}
