// SPDX-License-Identifier: Apache-2.0
/** Who sits here and what they may do. Rights only hide what the server would refuse anyway. */
import { signal } from '@preact/signals';
import { ApiError, api, whenUnauthorised } from './client';
import type { Me } from './model';
import { loadSite, site } from './site';
import { backToLive, closeLive, live, openLive } from './world';

/** undefined: not asked yet; null: nobody logged in. */
export const me = signal<Me | null | undefined>(undefined);
export const ready = signal(false);
export const startError = signal('');
/** The server ended the session, nobody here did: the log-in page says so. */
export const sessionEnded = signal(false);

export function can(right: string): boolean {
  return me.value?.rights.includes(right) ?? false;
}

async function enter(who: Me): Promise<void> {
  me.value = who;
  sessionEnded.value = false;
  if (who.must_change_password) return;
  try {
    await loadSite();
    startError.value = '';
    ready.value = true;
    openLive(who.user);
  } catch (e) {
    startError.value = e instanceof ApiError ? e.text : String(e);
  }
}

function leave(): void {
  closeLive();
  backToLive();
  ready.value = false;
  me.value = null;
}

export async function start(): Promise<void> {
  whenUnauthorised(() => {
    if (me.value) sessionEnded.value = true;
    leave();
  });
  live.on('site', () => void loadSite());
  try {
    await enter(await api.get<Me>('/me'));
  } catch (e) {
    if (!(e instanceof ApiError && e.status === 401)) {
      startError.value = e instanceof ApiError ? e.text : String(e);
    }
    me.value = null;
  }
}

export async function login(user: string, password: string): Promise<void> {
  await api.post('/login', { user, password });
  await enter(await api.get<Me>('/me'));
}

export async function changePassword(old: string, next: string): Promise<void> {
  const user = me.value?.user ?? '';
  await api.post('/password', { old, new: next });
  await login(user, next);
}

export async function logout(): Promise<void> {
  await api.post('/logout').catch(() => undefined);
  leave();
}

/** The shift that `ms` falls into. */
export function shiftAt(ms: number, offsetMs: number): string | undefined {
  const shifts = site.value.site.shifts ?? [];
  const minute = Math.floor(((ms + offsetMs) % 86_400_000) / 60_000);
  let current = shifts[shifts.length - 1];
  for (const s of [...shifts].sort((a, b) => a.start.localeCompare(b.start))) {
    const [h = 0, m = 0] = s.start.split(':').map(Number);
    if (h * 60 + m <= minute) current = s;
  }
  return current?.id;
}
