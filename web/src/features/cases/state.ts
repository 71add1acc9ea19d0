// SPDX-License-Identifier: Apache-2.0
/** Cases as they are listed; counts of mine for the rail, kept fresh by what the stream tells. */
import { effect, signal } from '@preact/signals';
import { api } from '../../api/client';
import { type Case, registerOf, room, stateOf } from '../../api/room';
import { can, me, ready } from '../../api/session';
import { live } from '../../api/world';

export type CaseList = Case[] | { items: Case[] };
export const casesOf = (d: CaseList | null): Case[] => (!d ? [] : Array.isArray(d) ? d : d.items);

export const kindOf = (c: Case) => stateOf(registerOf(c.register), c.state)?.kind;
export const isOpen = (c: Case) => {
  const k = kindOf(c);
  return !c.ended && k !== 'done' && k !== 'void';
};
/** Mine: owned by me, or by a right that I hold (an escalated case). */
export const isMine = (c: Case) =>
  !!c.owner && (c.owner === me.value?.user || (c.owner.includes('.') && can(c.owner)));
export const isLate = (c: Case, now: number) => !!c.due && c.due < now && isOpen(c);

/** Mine first, then what is due first; without a deadline last. */
export function byUrgency(a: Case, b: Case): number {
  const mine = Number(isMine(b)) - Number(isMine(a));
  if (mine) return mine;
  return (a.due ?? Infinity) - (b.due ?? Infinity) || a.id - b.id;
}

export const counts = signal({ mine: 0, late: 0 });
const WAIT_MS = 1500;
const AGAIN_MS = 300_000;

async function count(): Promise<void> {
  if (!ready.peek() || room.peek().workflows.length === 0) return;
  const list = casesOf(await api.get<CaseList>('/cases', { mine: 1, limit: 500 })).filter(isOpen);
  const now = live.now.peek() || Date.now();
  counts.value = { mine: list.length, late: list.filter((c) => isLate(c, now)).length };
}

let timer: ReturnType<typeof setTimeout> | undefined;
function soon(ms = WAIT_MS): void {
  clearTimeout(timer);
  timer = setTimeout(() => {
    void count().catch(() => undefined);
    soon(AGAIN_MS);
  }, ms);
}

export function startCounting(): void {
  live.on('record', () => soon());
  effect(() => {
    if (ready.value && room.value.workflows.length > 0) soon(0);
  });
}
