// SPDX-License-Identifier: Apache-2.0
/** What the phone page shows: read from the phone's own store, changed only through it. */
import { batch, signal } from '@preact/signals';
import type { Me, Site } from '../api/model';
import { type People, putPeople } from '../api/people';
import { type Record_, type RoomModel, room } from '../api/room';
import { SiteModel, site } from '../api/site';
import { siteOffset } from '../app/format';
import * as db from './db';
import { type Entry, entries } from './queue';

export interface MapLayers {
  layers: Record<string, { features: MapFeature[] } | undefined>;
}
export interface MapFeature {
  geometry: { type: string; coordinates: unknown } | null;
  properties: Record<string, unknown> | null;
}

export const who = signal<Me | null>(null);
export const needLogin = signal(false);
export const online = signal(navigator.onLine);
export const syncing = signal(false);
export const syncedAt = signal(0);
export const syncError = signal('');
export const cases = signal<readonly Record_[]>([]);
export const queue = signal<readonly Entry[]>([]);
export const mapData = signal<MapLayers | null>(null);
export const started = signal(false);
/** The page opens without a signal: its worker is there, which needs a certificate that is trusted. */
export const offlineWorks = signal(true);

export const caseKey = (register: string, id: number | string) => `${register}/${id}`;

export async function readQueue(): Promise<void> {
  queue.value = await entries();
}

export async function readCases(): Promise<void> {
  cases.value = await db.all<Record_>('records');
}

export function showSite(s: Site): void {
  siteOffset.value = (s.utc_offset_s ?? 8 * 3600) * 1000;
  site.value = new SiteModel(s, []);
}

/** All of it from the phone at once: nothing says "none waits" before the queue has been read. */
export async function readAll(): Promise<void> {
  const [me, model, s, map, at, waiting, kept] = await Promise.all([
    db.get<Me>('kv', 'me'),
    db.get<RoomModel>('kv', 'model'),
    db.get<Site>('kv', 'site'),
    db.get<MapLayers>('kv', 'map'),
    db.get<number>('kv', 'synced'),
    entries(),
    db.all<Record_>('records'),
  ]);
  const people = (model?.registers ?? []).map(
    async (r) => [r.id, await db.get<People>('kv', `people:${r.id}`)] as const,
  );
  for (const [register, list] of await Promise.all(people)) if (list) putPeople(register, list);
  batch(() => {
    if (model) room.value = model;
    if (s) showSite(s);
    queue.value = waiting;
    cases.value = kept;
    mapData.value = map ?? null;
    syncedAt.value = at ?? 0;
    who.value = me ?? null;
  });
}
