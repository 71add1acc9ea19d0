// SPDX-License-Identifier: Apache-2.0
/** Walks that records have: who, when, where they were and where they said so. A look at another's is recorded. */
import { api } from '../api/client';
import { site } from '../api/site';

export interface Check {
  time: number;
  place?: string;
  x?: number;
  y?: number;
  accuracy?: number;
  note?: string;
}

export interface Walk {
  geometry: { type: 'LineString'; coordinates: [number, number][] } | null;
  properties: {
    record: number;
    register: string;
    key: string | null;
    user: string;
    hash: string;
    meta?: { from?: number; to?: number; points?: number; checks?: number } | null;
    checks?: Check[];
    /** Its bytes were erased as the law of its keeping wants; that it was there stays. */
    erased: boolean;
  };
}

export interface Walks {
  features: Walk[];
  /** Others' walks that this person may not look at. */
  hidden: number;
  more: boolean;
}

export const walksPath = (register: string, record?: number) =>
  record === undefined ? `/records/${register}/tracks` : `/records/${register}/${record}/tracks`;

export const readWalks = (register: string, from: number, to: number) =>
  api.get<Walks>(walksPath(register), { from: Math.round(from), to: Math.round(to) });

/** Where a check-in was: its place in words, else nothing. */
export const checkPlace = (c: Check) => (c.place ? site.value.placeName(c.place) || c.place : '');
