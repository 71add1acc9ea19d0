// SPDX-License-Identifier: Apache-2.0
/** The features that this build has, in the order of the rail. One line a feature. */
import { install as alarms } from '../features/alarms';
import { install as attendance } from '../features/attendance';
import { install as backtest } from '../features/backtest';
import { install as belts } from '../features/belts';
import { install as briefings } from '../features/briefings';
import { install as calendar } from '../features/calendar';
import { install as calibration } from '../features/calibration';
import { install as cameras } from '../features/cameras';
import { install as cards } from '../features/cards';
import { install as cases } from '../features/cases';
import { install as command } from '../features/command';
import { install as cuts } from '../features/cuts';
import { install as drainage } from '../features/drainage';
import { install as events } from '../features/events';
import { install as handover } from '../features/handover';
import { install as health } from '../features/health';
import { install as incidents } from '../features/incidents';
import { install as indicators } from '../features/indicators';
import { install as ledgers } from '../features/ledgers';
import { install as limits } from '../features/limits';
import { install as map } from '../features/map';
import { install as mines } from '../features/mines';
import { install as object } from '../features/object';
import { install as overview } from '../features/overview';
import { install as people } from '../features/people';
import { install as plant } from '../features/plant';
import { install as point } from '../features/point';
import { install as records } from '../features/records';
import { install as reports } from '../features/reports';
import { install as trend } from '../features/trend';
import { install as users } from '../features/users';
import { install as vent } from '../features/vent';
import { install as voice } from '../features/voice';
import { install as wall } from '../features/wall';
import { install as water } from '../features/water';
import type { Install } from './app';

export const installers: readonly Install[] = [
  map,
  mines,
  alarms,
  cards,
  incidents,
  overview,
  people,
  attendance,
  cameras,
  plant,
  object,
  command,
  handover,
  wall,
  trend,
  limits,
  events,
  calibration,
  cuts,
  drainage,
  records,
  cases,
  indicators,
  ledgers,
  calendar,
  reports,
  briefings,
  backtest,
  users,
  health,
  point,
  vent,
  belts,
  voice,
  water,
];
