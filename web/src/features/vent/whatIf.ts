// SPDX-License-Identifier: Apache-2.0
/** What if: what is set otherwise, what is asked, and what of the answer is worth a look. */
import type { Airway } from './state';

export interface State {
  flow: number | null;
  speed: number | null;
  drop: number | null;
  need: 'ok' | 'low' | 'high' | 'unknown';
  smoke_min?: number | null;
}
export interface Outcome {
  id: string;
  place: string | null;
  before: State;
  after?: State;
  turned?: boolean;
}
export interface Answer {
  state: 'none' | 'solved' | 'stalled' | 'failed';
  text: string;
  /** unknown: no minute of it means "does not come". */
  smoke: 'none' | 'solved' | 'unknown';
  smoke_text: string;
  at: number;
  items: Outcome[];
}

export type FanTo = 'as-is' | 'run' | 'stop' | 'reverse';
/** By airway; what is not in it stays as it is. */
export interface Changes {
  fan: Record<string, FanTo>;
  doors: Record<string, number>;
  fire: string;
  minutes: number;
}
export const nothing: Changes = { fan: {}, doors: {}, fire: '', minutes: 60 };

/** The body of the question. */
export function question(c: Changes): object {
  const set = [
    ...Object.entries(c.fan)
      .filter(([, to]) => to !== 'as-is')
      .map(([airway, fan]) => ({ airway, fan })),
    ...Object.entries(c.doors).map(([airway, doors_open]) => ({ airway, doors_open })),
  ];
  return c.fire ? { set, fire: { airway: c.fire, minutes: c.minutes } } : { set };
}

export const isAsked = (c: Changes) =>
  c.fire !== '' ||
  Object.values(c.fan).some((f) => f !== 'as-is') ||
  Object.keys(c.doors).length > 0;

/** A change of a flow that a person would look at: a twentieth, or the other way. */
const PART = 0.05;
const LEAST = 0.1;

export function moved(o: Outcome): boolean {
  const a = o.before.flow;
  const b = o.after?.flow;
  if (a === null || b === undefined || b === null) return true;
  return o.turned === true || Math.abs(b - a) > Math.max(LEAST, PART * Math.abs(a));
}

const bad = (s: State | undefined) => s?.need === 'low' || s?.need === 'high';
const smoky = (s: State | undefined) => s?.smoke_min !== undefined && s.smoke_min !== null;

export const worthALook = (o: Outcome) =>
  moved(o) || bad(o.after) !== bad(o.before) || smoky(o.before) || smoky(o.after);

export interface Sums {
  turned: number;
  /** Within the requirement before and not after. */
  worse: number;
  better: number;
  smokeBefore: number;
  smokeAfter: number;
}

export function sums(items: readonly Outcome[]): Sums {
  const count = (f: (o: Outcome) => boolean) => items.filter(f).length;
  return {
    turned: count((o) => o.turned === true),
    worse: count((o) => !bad(o.before) && bad(o.after)),
    better: count((o) => bad(o.before) && o.after !== undefined && !bad(o.after)),
    smokeBefore: count((o) => smoky(o.before)),
    smokeAfter: count((o) => smoky(o.after)),
  };
}

export const withFan = (list: readonly Airway[]) => list.filter((a) => a.fan !== undefined);
export const withDoors = (list: readonly Airway[]) => list.filter((a) => (a.doors ?? 0) > 0);
