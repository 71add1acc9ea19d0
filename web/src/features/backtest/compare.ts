// SPDX-License-Identifier: Apache-2.0
/** What a back-test made beside what happened, paired. */
import type { JobOutcome } from '../../api/records';

export type Verdict = 'more' | 'less' | 'same';

export interface Compared {
  key: string;
  o: JobOutcome;
  cut: boolean;
  verdict: Verdict;
}

/** Raised within so much of each other by the same rule at the same point is the same alarm. */
const SAME_MS = 60_000;

const idOf = (o: JobOutcome) =>
  o.body.type === 'command' ? `cut ${o.body.output}` : `alarm ${o.body.rule} ${o.body.point}`;

export function compare(would: readonly JobOutcome[], did: readonly JobOutcome[]): Compared[] {
  const open = new Map<string, JobOutcome[]>();
  for (const o of did) open.set(idOf(o), [...(open.get(idOf(o)) ?? []), o]);
  const out: Compared[] = [];
  const add = (o: JobOutcome, verdict: Verdict) =>
    out.push({ key: `${out.length}`, o, cut: o.body.type === 'command', verdict });
  for (const o of would) {
    const list = open.get(idOf(o)) ?? [];
    const i = list.findIndex((x) => Math.abs(x.time - o.time) <= SAME_MS);
    if (i >= 0) list.splice(i, 1);
    add(o, i >= 0 ? 'same' : 'more');
  }
  for (const list of open.values()) for (const o of list) add(o, 'less');
  return out.sort((a, b) => a.o.time - b.o.time);
}
