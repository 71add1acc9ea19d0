// SPDX-License-Identifier: Apache-2.0
/** The solved airflow as the program tells it, and what its age and state are in words. */
import { signal } from '@preact/signals';
import { hms } from '../../app/format';
import { t } from './texts';

export interface Airway {
  id: string;
  place: string | null;
  flow: number | null;
  need: string;
  fan?: 'on' | 'off' | 'back' | 'unknown';
  doors?: number;
  doors_open?: number;
  /** Of now, by the solution, m/s. */
  speed?: number | null;
  /** Resistance against the table's, as the measured wind says; null: nothing said anything. */
  r_part?: number | null;
  wind?: Wind;
}
/** A wind sensor against what all others say: m/s, and how many deviations it is off. */
export interface Wind {
  point: string;
  speed: number;
  normalised: number | null;
  contradicts: boolean;
}
export interface Airflow {
  state: 'none' | 'design' | 'outstanding' | 'solved' | 'failed' | 'old' | 'unsure';
  text: string;
  at: number | null;
  items: Airway[];
  needs: AirNeed[];
  /** Where the figure a person comes from. */
  needs_source?: { standard: string; edition: string; clause: string; verified: boolean };
}
/** A place whose persons are counted, and the air it has: m3/s, m3/min a person, m3 a tonne. */
export interface AirNeed {
  place: string;
  flow: number | null;
  persons: number | null;
  persons_need: number | null;
  per_person: number | null;
  tonnes: number | null;
  per_tonne: number | null;
  need: 'ok' | 'low' | 'unknown';
}

/** What was last told; null: nothing yet. */
export const airflow = signal<Airflow | null>(null);

/** The wind sensors that say other than their neighbours, the worst first. */
export function contradicting(a: Airflow | null): (Airway & { wind: Wind })[] {
  const far = (x: Wind) => Math.abs(x.normalised ?? 0);
  return (a?.items ?? [])
    .filter((i): i is Airway & { wind: Wind } => i.wind?.contradicts === true)
    .sort((x, y) => far(y.wind) - far(x.wind));
}

/** Roadways whose resistance the measured wind puts far from the table's, the furthest first. */
export const FAR_RESISTANCE = 1.5;
export function resisting(a: Airflow | null): (Airway & { r_part: number })[] {
  const far = (p: number) => Math.max(p, 1 / p);
  return (a?.items ?? [])
    .filter((i): i is Airway & { r_part: number } => far(i.r_part || 1) >= FAR_RESISTANCE)
    .sort((x, y) => far(y.r_part) - far(x.r_part));
}

/** The same in a word for the legend; nothing in a replay, which has no solution. */
export function contradictText(a: Airflow | null, past: boolean): string {
  const list = past ? [] : contradicting(a).map((i) => i.wind.point);
  return list.length > 0 ? t('contradict.short', { list: list.join('、') }) : '';
}

export function stateText(a: Airflow | null, past: boolean): string {
  if (past) return t('state.past');
  if (!a) return '';
  return t(`state.${a.state}`, { time: a.at === null ? '–' : hms(a.at), why: a.text });
}

/** Less air than that has no direction that is worth an arrow, m3/s. */
export const STILL = 0.05;

export type Mark = { turn: 1 | -1; text: string; odd: boolean };

/** How a roadway is drawn: along its line or against it, with its flow; null: not at all. */
export function markOf(a: Airway | undefined): Mark | null {
  if (!a || a.flow === null || Math.abs(a.flow) < STILL) return null;
  const odd = a.need === 'low' || a.need === 'high' || a.wind?.contradicts === true;
  const q = Math.abs(a.flow);
  return {
    turn: a.flow < 0 ? -1 : 1,
    text: (q < 9.95 ? q.toFixed(1) : q.toFixed(0)) + (odd ? ' !' : ''),
    odd,
  };
}

/** The middle of a line, and the angle of the stretch that it is on, radians from east. */
export function middle(
  line: readonly (readonly number[])[],
): { at: [number, number]; angle: number } | null {
  const step = (i: number) =>
    [line[i + 1]![0]! - line[i]![0]!, line[i + 1]![1]! - line[i]![1]!] as const;
  let whole = 0;
  for (let i = 0; i + 1 < line.length; i++) whole += Math.hypot(...step(i));
  let left = whole / 2;
  for (let i = 0; i + 1 < line.length; i++) {
    const [dx, dy] = step(i);
    const long = Math.hypot(dx, dy);
    if (long > 0 && left <= long) {
      const part = left / long;
      return {
        at: [line[i]![0]! + dx * part, line[i]![1]! + dy * part],
        angle: Math.atan2(dy, dx),
      };
    }
    left -= long;
  }
  return null;
}
