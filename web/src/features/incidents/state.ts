// SPDX-License-Identifier: Apache-2.0
import { computed, signal } from '@preact/signals';
import { api } from '../../api/client';
import type { Incident } from '../../api/types';
import { pastIncidents, replaying } from '../../api/world';

export const now = signal<Incident[]>([]);
/** The present, or that second of the past. */
export const incidents = computed<Incident[]>(() =>
  replaying.value ? (pastIncidents.value as Incident[]) : now.value,
);

const OPEN = ['waiting', 'sent', 'failed'];
/** Steps of the last hour's incidents that have not come to their end. */
export const unfinished = computed(() =>
  now.value
    .filter((x) => Date.now() - x.at < 3_600_000)
    .reduce((n, x) => n + x.steps.filter((s) => OPEN.includes(s.state)).length, 0),
);

export async function load(): Promise<void> {
  const got = await api.get<{ items: Incident[] }>('/incidents').catch(() => null);
  if (got) now.value = got.items;
}
