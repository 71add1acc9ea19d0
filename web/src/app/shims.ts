// SPDX-License-Identifier: Apache-2.0
/** Chromium 87 lacks Object.hasOwn (93), which the map library calls. */
if (!Object.hasOwn) {
  Object.defineProperty(Object, 'hasOwn', {
    value: (o: object, k: PropertyKey) => Object.hasOwn(o, k),
    configurable: true,
    writable: true,
  });
}

export {};
