// SPDX-License-Identifier: Apache-2.0
/** The alarm figures held against their targets (ISA-18.2, EEMUA 191). */

import type { RuleInfo } from '../../api/model';
import type { Kpi } from '../../api/records';

export type Grade = 'met' | 'near' | 'bad' | 'none';
export type Figure = 'average' | 'peak' | 'floods' | 'stale' | 'chattering' | 'ten' | 'ack';

const grade = (v: number, target: number, limit: number): Grade =>
  v <= target ? 'met' : v <= limit ? 'near' : 'bad';

export function judged(k: Kpi): { id: Figure; value: number; grade: Grade }[] {
  const ten = k.top.reduce((s, w) => s + w.share, 0);
  return [
    { id: 'average', value: k.average, grade: grade(k.average, 1, 2) },
    { id: 'peak', value: k.peak, grade: grade(k.peak, 10, 20) },
    { id: 'floods', value: k.flood_share, grade: grade(k.flood_share, 0.01, 0.05) },
    { id: 'stale', value: k.stale, grade: grade(k.stale, 0, 5) },
    { id: 'chattering', value: k.chattering.length, grade: grade(k.chattering.length, 0, 10) },
    { id: 'ten', value: ten, grade: k.total === 0 ? 'met' : grade(ten, 0.05, 0.2) },
    { id: 'ack', value: k.ack_seconds, grade: 'none' },
  ];
}

export type Remedy = 'chatter' | 'fault' | 'statutory' | 'limit';

/** What the work list proposes for one of the worst points. */
export function remedy(chatters: boolean, rule: RuleInfo | undefined): Remedy {
  if (rule?.category === 'fault' || rule?.category === 'link') return 'fault';
  if (rule?.statutory) return 'statutory';
  return chatters ? 'chatter' : 'limit';
}

/** Sums neighbouring ten-minute periods until at most `most` bars are left; a bar is their greatest. */
export function bars(per10: readonly number[], most: number): { n: number[]; each: number } {
  const each = Math.max(1, Math.ceil(per10.length / most));
  const n: number[] = [];
  for (let i = 0; i < per10.length; i += each) n.push(Math.max(...per10.slice(i, i + each)));
  return { n, each };
}
