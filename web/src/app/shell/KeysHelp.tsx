// SPDX-License-Identifier: Apache-2.0
import { signal } from '@preact/signals';
import { Lazy } from '../Lazy';

/** `?`: what the screen is for, what marks mean, which keys act. */
export const keysOpen = signal(false);

export const loadHelp = () => import('../help/Help');

export function KeysHelp() {
  return keysOpen.value ? <Lazy load={loadHelp} props={{}} /> : null;
}
