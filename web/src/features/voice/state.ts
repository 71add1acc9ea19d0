// SPDX-License-Identifier: Apache-2.0
/** Phones, speakers and talks as the program tells them. */
import { signal } from '@preact/signals';
import { api, request } from '../../api/client';
import { site } from '../../api/site';
import type { Talk, Voice } from '../../api/types';
import { toastError } from '../../ui/Toast';

export const voice = signal<Voice | null>(null);

export async function refresh(): Promise<void> {
  try {
    voice.value = await api.get<Voice>('/voice');
  } catch {
    // the next round asks again
  }
}

/** A request whose refusal is shown; then what has come of it. */
export async function ask(verb: string, args: Record<string, unknown>): Promise<boolean> {
  try {
    await request(verb, args);
    await refresh();
    return true;
  } catch (e) {
    toastError(e);
    return false;
  }
}

export interface Counts {
  all: number;
  confirmed: number;
  sent: number;
  joined: number;
  silent: string[];
}

/** How far the words came: who is silent is named. */
export function countsOf(talk: Pick<Talk, 'at' | 'state'>): Counts {
  const at = Object.entries(talk.at ?? {});
  const are = (...states: string[]) => at.filter(([, s]) => states.includes(s)).map(([id]) => id);
  const over = talk.state === 'ended';
  return {
    all: at.length,
    confirmed: are('confirmed').length,
    sent: are('sent', 'speaking').length,
    joined: are('joined').length,
    silent: over ? are('silent', 'refused', 'asked') : are('silent', 'refused'),
  };
}

/** The event that holds the recording of a talk: that of its end. */
export async function recordingOf(talk: Talk): Promise<string | null> {
  const type = talk.kind === 'broadcast' ? 'broadcast' : 'call';
  const page = await api.get<{ items: { seq: number; body: { id?: number; change?: string } }[] }>(
    '/events',
    { type, from: talk.started - 1000, q: String(talk.id), limit: 50 },
  );
  const end = page.items.find((e) => e.body.id === talk.id && e.body.change === 'end');
  return end ? `api/v1/recordings/${end.seq}` : null;
}

/** The phones at a place and below it. */
export function phonesIn(place: string): string[] {
  const within = (id: string | undefined): boolean => {
    for (let at = id; at; at = site.value.places.get(at)?.parent ?? undefined)
      if (at === place) return true;
    return false;
  };
  const all = voice.value?.devices ?? [];
  return all.filter((d) => d.role === 'voice.phone' && within(d.place)).map((d) => d.id);
}
