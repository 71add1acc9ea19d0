// SPDX-License-Identifier: Apache-2.0
/** Which command is being prepared; opened from cards, drawn by CommandDialog. */
import { signal } from '@preact/signals';
import type { CommandState } from '../../api/model';
import { t } from './texts';

export const preparing = signal<{ output: string; value: number } | null>(null);

export function openCommand(output: string, value: number): void {
  preparing.value = { output, value };
}

export function stateText(s: CommandState): string {
  return t(`s.${s}`);
}

export const ENDED: ReadonlySet<CommandState> = new Set([
  'proved',
  'refused',
  'failed',
  'expired',
  'anomaly',
]);
