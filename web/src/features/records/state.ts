// SPDX-License-Identifier: Apache-2.0
/** What this browser keeps of lists: chosen columns and named views; and the moment that is read. */
import { computed } from '@preact/signals';
import type { Clause, Field, Register } from '../../api/room';
import { live, replayAt, replaying, replayPlaying, world } from '../../api/world';
import { pref } from '../../app/prefs';
import { isFiles } from '../../registers/value';

export interface SavedView {
  name: string;
  q: string;
  filter: Clause[];
  sort: string;
  columns: string[];
}

export const columnsOf = pref<Record<string, string[]>>('registers.columns', {});
export const viewsOf = pref<Record<string, SavedView[]>>('registers.views', {});

const STEP_MS = 10_000;
/** With the time bar in the past: the moment whose knowledge is shown; while it plays, in steps. */
export const known = computed(() => {
  if (!replaying.value) return null;
  return replayPlaying.value ? Math.floor(replayAt.value / STEP_MS) * STEP_MS : replayAt.value;
});

/** The present of the screen: the moment of a replay, else the engine's time. */
export const nowShown = computed(() => world.value.now.value || live.now.value);

export const listable = (f: Field) => !f.ended && !isFiles(f);

const SIX = 6;
export function chosenColumns(r: Register): Field[] {
  const ids = columnsOf.value[r.id] ?? r.list ?? [];
  const hit = ids.map((id) => r.fields.find((f) => f.id === id)).filter((f) => f !== undefined);
  return hit.length ? hit : r.fields.filter(listable).slice(0, SIX);
}

export function readFilter(text: string | undefined): Clause[] {
  try {
    const list: unknown = JSON.parse(text ?? '[]');
    return Array.isArray(list)
      ? list.filter((c): c is Clause => Array.isArray(c) && typeof c[0] === 'string')
      : [];
  } catch {
    return [];
  }
}
