// SPDX-License-Identifier: Apache-2.0
/** A judged plan as GET /drainage/plans/{record} tells it, and its rows as a table. */
import type { DrainPlan } from '../../api/types';

export type { DrainPlan };
export type Result = DrainPlan['result'];

export interface PlanItem {
  id: number;
  key: string;
  label: string;
  version: number;
  fields: {
    name?: string;
    made?: string;
    based_on?: number | null;
    place?: string | null;
    from?: string;
    months?: number;
    release?: number;
  };
}

/** A zone's number with its name; what is not known stands by its number. */
export type NameOf = (key: string) => string;

export const late = (r: Result) => r.zones.filter((z) => z.verdict === 'late').length;

/** One line a borehole or user, one column a month; null: nothing in that month. */
export function matrix(r: Result): {
  months: string[];
  lines: { id: string; user: boolean; cells: (number | null)[] }[];
} {
  const months = r.stations[0]?.months.map((m) => m.month) ?? [];
  const lines = new Map<string, { id: string; user: boolean; cells: (number | null)[] }>();
  for (const row of r.plan) {
    const user = row.user !== undefined;
    const id = (user ? row.user : row.source) ?? '';
    const key = `${user} ${id}`;
    const line = lines.get(key) ?? { id, user, cells: months.map(() => null) };
    const at = months.indexOf(row.month);
    if (at >= 0) line.cells[at] = (line.cells[at] ?? 0) + row.pure;
    lines.set(key, line);
  }
  const all = [...lines.values()];
  return { months, lines: [...all.filter((x) => !x.user), ...all.filter((x) => x.user)] };
}
