// SPDX-License-Identifier: Apache-2.0
/** This browser as a console: heartbeat with its sound state, mute, and the alarm sound itself. */
import { effect } from '@preact/signals';
import { consoleId, request } from '../api/client';
import { me, ready } from '../api/session';
import { live } from '../api/world';
import { soundOn } from './prefs';
import { blocked, due, mutedUntil, play, type Schedule, unlock, worstOf } from './sound';

const HEARTBEAT_MS = 30_000;
const STEP_MS = 500;
export const MUTE_S = 120;

function hello(): void {
  if (!ready.value) return;
  request('console.hello', { console: consoleId, sound: soundOn.value && !blocked.value }).catch(
    () => {
      // the stream shows a lost line; the next heartbeat tries again
    },
  );
}

export async function mute(): Promise<void> {
  await request('console.mute', { console: consoleId, seconds: MUTE_S });
  mutedUntil.value = Date.now() + MUTE_S * 1000;
}

export function startConsole(): void {
  let schedule: Schedule = { worst: 0, lastPlayed: 0, since: 0 };
  let said = '';
  effect(() => {
    const state = `${ready.value && me.value?.user} ${soundOn.value} ${blocked.value}`;
    if (ready.value && state !== said) hello();
    said = state;
  });
  setInterval(hello, HEARTBEAT_MS);
  const gesture = () => void unlock();
  addEventListener('pointerdown', gesture);
  addEventListener('keydown', gesture);
  setInterval(() => {
    const silent = !ready.value || !soundOn.value || Date.now() < mutedUntil.value;
    if (silent) return;
    const r = due(schedule, worstOf(live.alarms.unacked.value), performance.now());
    schedule = r.next;
    if (r.play) play(r.play, r.loud);
  }, STEP_MS);
}
