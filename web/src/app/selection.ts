// SPDX-License-Identifier: Apache-2.0
/** One selection for the whole shell: choosing a thing in one place re-targets the others. */
import { computed, signal } from '@preact/signals';
import { site } from '../api/site';
import { world } from '../api/world';

export interface Target {
  kind: 'point' | 'place' | 'alarm';
  /** Text id of a point or place; for an alarm its number as text. */
  id: string;
}

export const selection = signal<Target | null>(null);
/** Alarms ticked in a list; `K` acts on them, else on the selected alarm. */
export const alarmSelection = signal<ReadonlySet<number>>(new Set());

/** Asks the map to bring something into view; the map answers and clears it. */
export const flyTo = signal<Target | null>(null);

export function select(t: Target | null): void {
  selection.value = t;
}

export const point = (id: string): Target => ({ kind: 'point', id });
export const place = (id: string): Target => ({ kind: 'place', id });
export const alarm = (id: number): Target => ({ kind: 'alarm', id: String(id) });

export function alarmOf(t: Target | null) {
  return t?.kind === 'alarm' ? world.value.alarms.get(Number(t.id)) : undefined;
}

/** The point behind the selection: itself, or the alarm's. */
export function pointIdOf(t: Target | null): string | undefined {
  if (t?.kind === 'point') return t.id;
  return alarmOf(t)?.point;
}

export const selectedPoint = computed(() => {
  const id = pointIdOf(selection.value);
  return id ? site.value.pointById.get(id) : undefined;
});
