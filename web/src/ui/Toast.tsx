// SPDX-License-Identifier: Apache-2.0
/** Short answers to what somebody just did. Alarms never come this way. */
import { signal } from '@preact/signals';
import { ApiError } from '../api/client';
import { t } from './texts';

interface Note {
  id: number;
  text: string;
}

const notes = signal<readonly Note[]>([]);
let next = 1;
const SHOW_MS = 7000;

export function toast(text: string): void {
  const id = next++;
  notes.value = [...notes.value.slice(-2), { id, text }];
  setTimeout(() => drop(id), SHOW_MS);
}

export function errorText(e: unknown): string {
  return e instanceof ApiError ? e.text : e instanceof Error ? e.message : String(e);
}

export function toastError(e: unknown): void {
  toast(errorText(e));
}

function drop(id: number): void {
  notes.value = notes.value.filter((n) => n.id !== id);
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {notes.value.map((n) => (
        <div key={n.id} class="toast">
          <span class="grow">{n.text}</span>
          <button type="button" aria-label={t('close')} onClick={() => drop(n.id)}>
            ✕
          </button>
        </div>
      ))}
    </div>
  );
}
