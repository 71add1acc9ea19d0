// SPDX-License-Identifier: Apache-2.0
/** The features that this build has, in the order of the rail. One line a feature. */
import { install as alarms } from '../features/alarms';
import { install as cards } from '../features/cards';
import { install as command } from '../features/command';
import { install as handover } from '../features/handover';
import { install as map } from '../features/map';
import { install as object } from '../features/object';
import { install as trend } from '../features/trend';
import { install as wall } from '../features/wall';
import type { Install } from './app';

export const installers: readonly Install[] = [
  map,
  alarms,
  cards,
  object,
  command,
  handover,
  wall,
  trend,
];
