// SPDX-License-Identifier: Apache-2.0
import { num } from '../../app/format';
import { pick, type Text } from '../../app/i18n';

export interface Account {
  account: string;
  title: Text | string;
  balance: number | string;
  floor?: number | string | null;
  unit?: string;
}

export interface Ledger {
  id: string;
  title: Text;
  unit?: Text | string;
  decimals?: number;
  closed_until?: string | null;
  accounts: Account[];
  may?: { post?: boolean; close?: boolean };
}

export interface Line {
  account: string;
  amount: number | string;
  balance?: number | string | null;
}

export interface Txn {
  txn: number;
  day: string;
  text: string;
  by: string;
  time?: number;
  reverses?: number | null;
  reversed_by?: number | null;
  /** Of the account that was asked for. */
  amount?: number | string | null;
  balance?: number | string | null;
  lines: Line[];
}

export const money = (l: Ledger, v: number | string | null | undefined) =>
  v === null || v === undefined || v === '' ? '–' : num(Number(v), l.decimals ?? 2);

export const accountTitle = (l: Ledger, key: string) =>
  pick(l.accounts.find((a) => a.account === key)?.title) || key;

/** Sum of typed amounts in whole smallest units: no rounding of binary fractions. */
export function sumOf(amounts: readonly string[], decimals: number): number | null {
  let sum = 0;
  for (const a of amounts) {
    const x = Number(a.trim());
    if (!a.trim() || !Number.isFinite(x)) return null;
    sum += Math.round(x * 10 ** decimals);
  }
  return sum;
}
