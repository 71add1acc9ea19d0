// SPDX-License-Identifier: Apache-2.0
/** Settings of this browser: a signal that is kept in localStorage. Nothing about the mine is kept. */
import { effect, type Signal, signal } from '@preact/signals';

const PREFIX = 'kt.';

function read<T>(name: string, fallback: T): T {
  try {
    const raw = localStorage.getItem(PREFIX + name);
    return raw === null ? fallback : (JSON.parse(raw) as T);
  } catch {
    return fallback;
  }
}

export function pref<T>(name: string, fallback: T): Signal<T> {
  const s = signal<T>(read(name, fallback));
  effect(() => {
    try {
      localStorage.setItem(PREFIX + name, JSON.stringify(s.value));
    } catch {
      // storage refused (private window): the setting lives until the page closes
    }
  });
  return s;
}

export type Theme = 'light' | 'dark';
export const theme = pref<Theme>('theme', 'light');
/** Sound of alarms; `false` also tells the server that this console is silent. */
export const soundOn = pref('sound', true);
/** Single-key shortcuts may be switched off (WCAG 2.1.4). */
export const keysOn = pref('keys', true);
export const wallScale = pref('wallScale', 1);

export function followTheme(): void {
  effect(() => {
    document.documentElement.dataset.theme = theme.value;
  });
}
