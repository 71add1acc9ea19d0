// SPDX-License-Identifier: Apache-2.0
/** trend: `T` shows what is selected on a time axis; an alarm with its surroundings from 2 h before. */
import { site } from '../../api/site';
import { world } from '../../api/world';
import type { App } from '../../app/app';
import { go, route } from '../../app/router';
import { alarmOf, pointIdOf, type Target } from '../../app/selection';
import { t } from './texts';

const load = () => import('./TrendScreen');
const BEFORE_MS = 2 * 3600_000;
const AFTER_MS = 20 * 60_000;
const AROUND = 6;

/** The point itself, then gas, air and power of the same working, switches last. */
function around(id: string): string[] {
  const s = site.peek();
  const p = s.pointById.get(id);
  if (!p) return [id];
  const up = s.places.get(p.place)?.parent ?? p.place;
  const near = s.below(up);
  const groups = [s.groupOf(p), 'gas', 'wind', 'fan', 'power'];
  const others = s.points
    .filter((o) => o.id !== id && near.has(o.place) && groups.includes(s.groupOf(o)))
    .sort((a, b) => Number(b.place === p.place) - Number(a.place === p.place));
  const out = [id];
  for (const g of groups) {
    for (const o of others.filter((x) => s.groupOf(x) === g).slice(0, 2)) {
      if (out.length < AROUND && !out.includes(o.id)) out.push(o.id);
    }
  }
  return out;
}

function open(target: Target): void {
  const a = alarmOf(target);
  if (a) {
    const to = Math.min(world.peek().now.peek(), a.raised + AFTER_MS);
    go(['trend'], {
      points: around(a.point).join(','),
      from: String(Math.round(a.raised - BEFORE_MS)),
      to: String(Math.round(Math.max(to, a.raised + 60_000))),
      x: String(Math.round(a.raised)),
    });
    return;
  }
  const id = pointIdOf(target);
  if (!id) return;
  const shown = route.peek().parts[0] === 'trend' ? (route.peek().query.points ?? '') : '';
  const ids = shown.split(',').filter((x) => x && x !== id);
  go(['trend'], { ...(ids.length ? route.peek().query : {}), points: [...ids, id].join(',') });
}

export function install(app: App): void {
  app.screens.add({
    id: 'trend',
    order: 40,
    glyph: '势',
    key: 't',
    title: () => t('title'),
    right: 'history.read',
    load,
  });
  app.actions.add({
    id: 'trend.open',
    order: 35,
    key: 'T',
    on: ['point', 'alarm'],
    title: () => t('open'),
    run: open,
  });
}
