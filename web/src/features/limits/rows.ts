// SPDX-License-Identifier: Apache-2.0
/** What the tables of limits show, apart from how. */
import { LIMIT_NAMES, type LimitName, type LimitRow, type RangeRow } from '../../api/records';
import { inForce } from '../../records/decisions';

export interface Shown {
  row: LimitRow;
  force: ReturnType<typeof inForce>;
  changed: boolean;
  unverified: boolean;
}

export function shown(rows: readonly LimitRow[]): Shown[] {
  return rows.map((row) => {
    const force = inForce(row.pack, row.changes, row.clause);
    return {
      row,
      force,
      changed: force.some((f) => f.change),
      unverified: row.source.verified === false,
    };
  });
}

/** The names that any row has, in the usual order: the columns of the matrix. */
export function names(rows: readonly Shown[]): LimitName[] {
  return LIMIT_NAMES.filter((n) => rows.some((r) => r.force.some((f) => f.name === n)));
}

/** How many things a sensor's range lacks: the range, a switch, the feed state of a switch. */
export function gaps(r: RangeRow): number {
  if (!r.cuts) return 0;
  if (!r.range) return 1;
  if (r.switches.length === 0) return 1;
  return r.switches.filter((s) => !s.feed).length;
}
