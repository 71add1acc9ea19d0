// SPDX-License-Identifier: Apache-2.0
/** The kinds of machines that have a page of their own here, in its order. */
export const KINDS: readonly string[] = [
  'fan',
  'pump',
  'hoist',
  'power',
  'compressor',
  'refuge',
  'door',
  'barrier',
  'machine',
  'face',
  'station',
  'drill',
  'truck',
  'switch',
  'base',
  'room',
];
