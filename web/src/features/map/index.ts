// SPDX-License-Identifier: Apache-2.0
/** map: the one map, its layers, list twin, measuring, tracing and sheets. */
import { site } from '../../api/site';
import type { App } from '../../app/app';
import { go } from '../../app/router';
import { pointIdOf, type Target } from '../../app/selection';
import { tracing } from './state';
import { t } from './texts';

const load = () => import('./MapScreen');

function placeOf(target: Target): string | undefined {
  if (target.kind === 'place') return target.id;
  const id = pointIdOf(target);
  return id ? site.value.pointById.get(id)?.place : undefined;
}

export function install(app: App): void {
  app.screens.add({
    id: 'map',
    order: 10,
    glyph: '图',
    key: 'm',
    title: () => t('title'),
    right: 'view',
    floatPopups: true,
    load,
  });
  for (const dir of ['down', 'up'] as const) {
    app.actions.add({
      id: `trace.${dir}`,
      order: 60,
      on: ['place', 'point'],
      title: () => t(dir === 'down' ? 'downwind' : 'upwind'),
      when: (target) => {
        const p = site.value.places.get(placeOf(target) ?? '');
        return !!p && (dir === 'up' || !!p.air_to?.length);
      },
      run: (target) => {
        tracing.value = { place: placeOf(target)!, dir };
        go(['map']);
      },
    });
  }
}
