// SPDX-License-Identifier: Apache-2.0
/** What the phone page shows: read from the phone's own store, changed only through it. */
import { signal } from '@preact/signals';
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

/** All of it from the phone: what is seen before any word of the server. */
export async function readAll(): Promise<void> {
  const [me, model, s, map, at] = await Promise.all([
    db.get<Me>('kv', 'me'),
    db.get<RoomModel>('kv', 'model'),
    db.get<Site>('kv', 'site'),
    db.get<MapLayers>('kv', 'map'),
    db.get<number>('kv', 'synced'),
  ]);
  who.value = me ?? null;
  if (model) room.value = model;
  if (s) showSite(s);
  mapData.value = map ?? null;
  syncedAt.value = at ?? 0;
  for (const r of room.value.registers) {
    const people = await db.get<People>('kv', `people:${r.id}`);
    if (people) putPeople(r.id, people);
  }
  await Promise.all([readQueue(), readCases()]);
}
