// SPDX-License-Identifier: Apache-2.0
/** Value of a token for those who draw on a canvas. */
export function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
