// SPDX-License-Identifier: Apache-2.0
/** attendance: who was below on which day of a month, leaders by shift; for who may see whom. */
import type { App } from '../../app/app';
import { title } from './title';

export function install(app: App): void {
  app.screens.add({
    id: 'attendance',
    order: 33,
    glyph: '勤',
    title,
    right: 'person.see',
    ownPane: true,
    load: () => import('./AttendanceScreen'),
  });
}
