// SPDX-License-Identifier: Apache-2.0
/** Which page the address names: "#/case/hazard/12". */
import { signal } from '@preact/signals';

export interface Page {
  name: string;
  key: string;
}

function read(): Page {
  const [name = 'tasks', ...rest] = location.hash.replace(/^#\/?/, '').split('/').filter(Boolean);
  return { name, key: rest.join('/') };
}

export const page = signal<Page>(read());

export function followAddress(): void {
  addEventListener('hashchange', () => {
    page.value = read();
    scrollTo(0, 0);
  });
}

export function show(path: string): void {
  location.hash = `#/${path}`;
}
