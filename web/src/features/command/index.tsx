// SPDX-License-Identifier: Apache-2.0
/** command: select, check, execute. Never one key, never in a replay. */
import type { App } from '../../app/app';
import { Lazy } from '../../app/Lazy';
import { preparing } from './state';

const load = () => import('./CommandDialog');

function CommandOverlay() {
  const p = preparing.value;
  return p ? <Lazy key={`${p.output} ${p.value}`} load={load} props={p} /> : null;
}

export function install(app: App): void {
  app.overlays.add({ id: 'command', view: CommandOverlay });
}
