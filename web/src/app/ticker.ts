// SPDX-License-Identifier: Apache-2.0
/** One timer for everything that shows passing time. */
import { signal } from '@preact/signals';
import { every } from '../api/timers';
import { checkLine } from '../api/world';

/** performance.now(), twice a second. */
export const beat = signal(0);

export function startTicker(): void {
  every(() => {
    beat.value = performance.now();
    checkLine(beat.value);
  }, 500);
}
