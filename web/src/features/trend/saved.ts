// SPDX-License-Identifier: Apache-2.0
/** Saved views of this browser: points, axes and length of the span; never values. */
import { pref } from '../../app/prefs';
import type { Mode } from './model';

export interface SavedView {
  name: string;
  points: string[];
  mode: Mode;
  spanMs: number;
}

export const saved = pref<SavedView[]>('trend.views', []);
/** What was shown last, for an address without points. */
export const lastShown = pref<string[]>('trend.last', []);

export function save(v: SavedView): void {
  saved.value = [...saved.value.filter((o) => o.name !== v.name), v].slice(-40);
}

export function forget(name: string): void {
  saved.value = saved.value.filter((o) => o.name !== name);
}
