// SPDX-License-Identifier: Apache-2.0
/** The book's entries as the program tells them, and what a line says of its proof. */
export interface Cause {
  rule: string;
  point: string;
  value: number | null;
  limit: number | null;
  unit: string;
  at: number;
  over: number | null;
}
export interface Cut {
  output: string;
  state: 'cut' | 'unlatched' | 'returned';
  at: number;
  causes: Cause[];
  /** Causes beyond those listed. */
  more: number;
  opened_by: string | null;
  reason: string | null;
  sent: number | null;
  dead: number | null;
  anomaly: number | null;
  unlatched: number | null;
  asked: number | null;
  back: number | null;
  back_by: string | null;
  back_second: string | null;
  back_reason: string | null;
  refused: number;
  refusal: string | null;
}

export const isOpen = (c: Cut) => c.state !== 'returned';

/** The feed on the load side proves a cut; nothing else does. */
export const proof = (c: Cut): 'dead' | 'anomaly' | 'none' =>
  c.dead ? 'dead' : c.anomaly ? 'anomaly' : 'none';

export function counts(list: readonly Cut[]): { n: number; cut: number; unlatched: number } {
  const of = (s: Cut['state']) => list.filter((c) => c.state === s).length;
  return { n: list.length, cut: of('cut'), unlatched: of('unlatched') };
}
