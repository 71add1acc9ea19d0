// SPDX-License-Identifier: Apache-2.0
/** Where the air of a place goes, and where it comes from, along the design airflow. */
import type { SiteModel } from '../api/site';

export interface TraceStep {
  place: string;
  depth: number;
}

export function trace(s: SiteModel, from: string, direction: 'down' | 'up'): TraceStep[] {
  const next = new Map<string, string[]>();
  for (const p of s.places.values()) {
    for (const to of p.air_to ?? []) {
      const [a, b] = direction === 'down' ? [p.id, to] : [to, p.id];
      next.set(a, [...(next.get(a) ?? []), b]);
    }
  }
  const seen = new Map<string, number>([[from, 0]]);
  const queue = [from];
  for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
    for (const to of next.get(at) ?? []) {
      if (seen.has(to)) continue;
      seen.set(to, seen.get(at)! + 1);
      queue.push(to);
    }
  }
  return [...seen].map(([place, depth]) => ({ place, depth }));
}
