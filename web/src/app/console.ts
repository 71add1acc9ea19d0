// SPDX-License-Identifier: Apache-2.0
/**
 * This browser as a console: heartbeat with its sound state, mute, and the alarm sound itself, once
 * a browser however many tabs are open.
 */
import { effect, untracked } from '@preact/signals';
import { consoleId, request, requestKey } from '../api/client';
import type { Priority } from '../api/model';
import { me, ready } from '../api/session';
import { every } from '../api/timers';
import { live, lost } from '../api/world';
import { soundOn } from './prefs';
import { blocked, due, mutedUntil, play, type Schedule, unlock, worstOf } from './sound';
import { Turn, type Voice } from './turn';

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

type Word =
  | { k: 'voice'; voice: Voice }
  | { k: 'gone'; id: string }
  | { k: 'played'; worst: Priority }
  | { k: 'mute'; until: number };

const turn = new Turn();
const tabs = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('kt-sound');
/** Of this tab alone: a duplicated one has the session's console id, too. */
const voiceId = requestKey();
let schedule: Schedule = { worst: 0, lastPlayed: 0, since: 0 };

const say = (w: Word) => tabs?.postMessage(w);

function hear(w: Word): void {
  if (w.k === 'voice') turn.hear(w.voice, performance.now());
  else if (w.k === 'gone') turn.gone(w.id);
  else if (w.k === 'mute') mutedUntil.value = w.until;
  else if (schedule.worst === 0 || w.worst <= schedule.worst)
    schedule = {
      worst: w.worst,
      lastPlayed: performance.now(),
      since: schedule.worst === w.worst ? schedule.since : performance.now(),
    };
}

/** Silences this browser. */
export async function mute(): Promise<void> {
  await request('console.mute', { console: consoleId, seconds: MUTE_S });
  mutedUntil.value = Date.now() + MUTE_S * 1000;
  say({ k: 'mute', until: mutedUntil.value });
}

/** Sounds what is due, unless another tab of this browser does. */
function step(): void {
  const silent = !ready.value || !soundOn.value || Date.now() < mutedUntil.value;
  if (silent) return;
  const now = performance.now();
  const voice = {
    id: voiceId,
    fresh: !lost.value,
    visible: document.visibilityState === 'visible',
  };
  if (!blocked.value) say({ k: 'voice', voice });
  const worst = worstOf(live.alarms.unacked.value);
  if (!turn.mine(voice, now)) {
    if (worst === 0) schedule = { worst: 0, lastPlayed: 0, since: 0 };
    return;
  }
  const r = due(schedule, worst, now);
  if (r.play && !play(r.play, r.loud)) return;
  schedule = r.next;
  if (r.play) say({ k: 'played', worst: r.play });
}

export function startConsole(): void {
  let said = '';
  effect(() => {
    const state = `${ready.value && me.value?.user} ${soundOn.value} ${blocked.value}`;
    if (ready.value && state !== said) hello();
    said = state;
  });
  every(hello, HEARTBEAT_MS);
  const gesture = () => void unlock();
  addEventListener('pointerdown', gesture);
  addEventListener('keydown', gesture);
  addEventListener('pagehide', () => say({ k: 'gone', id: voiceId }));
  if (tabs) tabs.onmessage = (e: MessageEvent<Word>) => hear(e.data);
  every(step, STEP_MS);
  // a new alarm sounds as soon as it is told, not at the next step
  effect(() => {
    void live.alarms.unacked.value;
    untracked(step);
  });
}
