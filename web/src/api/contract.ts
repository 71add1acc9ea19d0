// SPDX-License-Identifier: Apache-2.0
/**
 * Does what the screens expect (model.ts) hold for all that api/openapi.yaml promises (types.ts)?
 * Nothing here runs: a difference is an error of the type check.
 */
import type * as M from './model';
import type * as G from './types';

type Fits<Ours, _Theirs extends Ours> = true;
/** Keys that may be null in the description and never are in what a list gives. */
type Filled<T, K extends keyof T> = Omit<T, K> & { [P in K]-?: NonNullable<T[P]> };

/** Ended points have neither role nor place, and are in no list. */
type ListedPoint = Filled<G.Point, 'role' | 'place'>;

export type Contract = [
  Fits<M.Me, G.Me>,
  Fits<M.Site, G.Site>,
  Fits<M.Source, G.Source>,
  Fits<Omit<M.PointInfo, 'range'>, ListedPoint>,
  Fits<M.LimitChange, Filled<G.LimitChange, 'id' | 'in_force'>>,
  Fits<M.Calibration, G.Calibration>,
  Fits<M.TagOut, G.Tag>,
  Fits<M.LiveTuple, G.Live>,
  Fits<M.Alarm, G.Alarm>,
  Fits<M.AlarmKpi, Required<G.AlarmKpi>>,
  Fits<M.Command, G.Command>,
  Fits<M.Output, G.Output>,
  Fits<M.Card, G.Card>,
  Fits<M.HistorySeries, Filled<G.Series, 't'>>,
  Fits<M.JournalItem, G.Event>,
  Fits<Omit<M.ReplayState, 'site'>, G.PastState>,
  Fits<Omit<M.PastSite, 'points'>, G.PastSite>,
];
