// SPDX-License-Identifier: Apache-2.0
/** The cameras as the program tells of them, and their state in words. */
import { signal } from '@preact/signals';
import { api } from '../../api/client';
import { hms } from '../../app/format';
import { t } from './texts';

export interface CameraState {
  known: boolean;
  signal: boolean;
  /** Of the last picture, ms; 0: none yet. */
  since: number;
  why: string;
  text: string;
  codec: string;
  sub: boolean;
  fps: number;
  kbit_s: number;
  key_s: number;
  viewers: number;
  open: boolean;
  kept: boolean;
}
export interface Camera extends CameraState {
  id: string;
  name: string;
  name_en: string;
  place: string;
  x?: number;
  y?: number;
}

export const MOST = 9;
export const cameras = signal<readonly Camera[]>([]);

export async function refresh(): Promise<void> {
  const got = await api.get<{ items: Camera[] }>('/cameras').catch(() => null);
  if (got) cameras.value = got.items;
}

export async function nearest(query: { place?: string; point?: string }): Promise<Camera[]> {
  return (await api.get<{ items: Camera[] }>('/cameras', query)).items;
}

/** Why there is no picture; '' while there is one or nothing is known. */
export function stateText(s: CameraState | undefined): string {
  if (!s?.known) return '';
  if (s.signal) return '';
  const why = s.why === 'c' || s.why === 'a' || s.why === 'b' ? t(`why.${s.why}`) : '';
  const since = s.since ? t('lost', { time: hms(s.since) }) : t('lost.ever');
  return why ? `${since} · ${why}` : since;
}

/** Ids in an address: known ones, each once, nine at most. */
export function chosenOf(text: string | undefined, known: ReadonlySet<string>): string[] {
  const ids = (text ?? '').split(',').filter((id) => known.has(id));
  return [...new Set(ids)].slice(0, MOST);
}

/** Columns of a wall of so many pictures. */
export function columnsOf(n: number): number {
  return n <= 1 ? 1 : n <= 4 ? 2 : 3;
}
