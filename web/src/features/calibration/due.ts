// SPDX-License-Identifier: Apache-2.0
/** When an interlock test is due. The engine alarms; this list only looks ahead. */
import type { PointInfo } from '../../api/model';
import type { TestRecord } from '../../api/records';

const DAY = 86_400_000;
export const SOON_DAYS = 5;

export interface Due {
  p: PointInfo;
  test: TestRecord | undefined;
  /** Days until it is due; negative: overdue. null: there is no passed test to count from. */
  left: number | null;
  over: boolean;
}

/** One row a cut-off sensor, the most urgent first. The server's word on "overdue" counts. */
export function dues(
  points: readonly PointInfo[],
  tests: readonly TestRecord[],
  now: number,
): Due[] {
  const of = new Map(tests.map((x) => [x.point, x]));
  return points
    .filter((p) => p.cutoff && p.test_days)
    .map((p) => {
      const test = of.get(p.id);
      const last = test?.last_pass;
      const left = last ? (p.test_days ?? 0) - (now - last) / DAY : null;
      return { p, test, left, over: test?.overdue ?? false };
    })
    .sort((a, b) => Number(b.over) - Number(a.over) || (a.left ?? -1) - (b.left ?? -1));
}

export const isSoon = (d: Due) => !d.over && (d.left === null || d.left <= SOON_DAYS);
