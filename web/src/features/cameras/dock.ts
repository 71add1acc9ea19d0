// SPDX-License-Identifier: Apache-2.0
/** Which cameras float over the screen: opened by a click, or by a linkage of an alarm. */
import { signal } from '@preact/signals';
import type { Camera } from './state';

export interface Docked {
  list: readonly Camera[];
  title: string;
}
export const DOCK_MOST = 3;
export const dock = signal<Docked | null>(null);

export function openDock(list: readonly Camera[], title: string): void {
  dock.value = { list: list.slice(0, DOCK_MOST), title };
}
