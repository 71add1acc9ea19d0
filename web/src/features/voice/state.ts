// SPDX-License-Identifier: Apache-2.0
/** Phones, speakers and talks as the program tells them. */
import { computed, signal } from '@preact/signals';
import { api, request } from '../../api/client';
import { gradeOf } from '../../api/points';
import { site } from '../../api/site';
import type { Talk, Voice } from '../../api/types';
import { live, past, pastTalks, replaying } from '../../api/world';
import { pref } from '../../app/prefs';
import { toastError } from '../../ui/Toast';
import { t } from './texts';

export const voice = signal<Voice | null>(null);
/** Those of the present, or of that second of the past; newest first. */
export const talks = computed<Talk[]>(() =>
  replaying.value ? [...(pastTalks.value as Talk[])].reverse() : (voice.value?.talks ?? []),
);

/** A list (oldest first) after one more change of a talk: a replay that plays on goes by these. */
export function withChange(list: readonly Talk[], change: Talk): Talk[] {
  const known = list.find((x) => x.id === change.id);
  const next = { ...known, ...change, at: { ...known?.at, ...change.at } };
  return known ? list.map((x) => (x === known ? next : x)) : [...list, next];
}

/** What a device answers, now or then. */
export function answersOf(d: Voice['devices'][number]): 'yes' | 'no' | 'unknown' {
  if (!replaying.value) return d.answers;
  const then = past.points.peek(d.i);
  return then.v === null || gradeOf(then.q) === 'bad' ? 'unknown' : then.v ? 'yes' : 'no';
}

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

/** The phone on this desk, of a site that has several; '': whichever is free. */
export const desk = pref('desk', '');

export const desks = () => (voice.value?.devices ?? []).filter((d) => d.role === 'voice.desk');

/** A call to a device, or to the phones of a place: this desk's phone rings first. */
export function call(to: { to: string } | { place: string; downstream: boolean }) {
  const mine = desks().some((d) => d.id === desk.value) ? { desk: desk.value } : {};
  return ask('call.start', { ...to, ...mine });
}

/** The place whose phones are about to be called, once a person has said so; null: none. */
export const calling = signal<{ place: string; downstream: boolean } | null>(null);

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

interface EndEvent {
  seq: number;
  body: Talk & { change?: string };
}

/** Ends of calls and broadcasts in a span; `q` is a text that they hold. */
async function ends(from: number, to: number, q: string): Promise<EndEvent[]> {
  const query = { type: 'call,broadcast', from, to, q, limit: 500 };
  const page = await api.get<{ items: EndEvent[] }>('/events', query);
  return page.items.filter((e) => e.body.change === 'end');
}

/** The event that holds the recording of a talk: that of its end. */
export async function recordingOf(talk: Talk): Promise<string | null> {
  const until = talk.ended ? talk.ended + 60_000 : live.now.value;
  const end = (await ends(talk.started - 1000, until, String(talk.id))).find(
    (e) => e.body.id === talk.id && e.body.recording,
  );
  return end ? `api/v1/recordings/${end.seq}` : null;
}

/** For the time bar: each from its beginning to its end. */
export async function marksOf(from: number, to: number) {
  return (await ends(from, to, '"end"')).map(({ body }) => ({
    from: body.started,
    to: body.ended ?? body.started,
    title: [t(`talk.${body.kind}`), targetOf(body), body.text].filter(Boolean).join(' · '),
  }));
}

/** To whom: a device, a place, or a contact. */
export function targetOf(talk: Talk): string {
  if (talk.point) return site.value.pointName(talk.point);
  return talk.place ? site.value.placeName(talk.place) : (talk.to ?? '');
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
