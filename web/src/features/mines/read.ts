// SPDX-License-Identifier: Apache-2.0
/** Asks this node, and through it each other one that has mines. */
import { useEffect, useState } from 'preact/hooks';
import { api } from '../../api/client';
import type { Health } from '../../api/records';
import { room } from '../../api/room';
import { errorText } from '../../ui/Toast';
import { askThrough, type EventRow, type MineRow, merge, type NodeSaid } from './state';

const EVERY_MS = 3000;

export interface Seen {
  rows: MineRow[];
  nodes: number;
  now: number;
  error: string;
}

const mayEvents = () => room.value.indicators.some((i) => i.id === 'mine_alarms');

async function alarmsOf(mine?: string): Promise<EventRow[] | null> {
  if (!mayEvents()) return null;
  const path = '/indicators/mine_alarms/drill';
  const page = await (mine
    ? api.getAt<{ items: EventRow[] }>(mine, path)
    : api.get<{ items: EventRow[] }>(path));
  return page.items;
}

async function askNode(node: string, mine: string): Promise<NodeSaid> {
  try {
    const [health, events] = await Promise.all([
      api.getAt<Health>(mine, '/health'),
      alarmsOf(mine),
    ]);
    return { node, health, events, error: '' };
  } catch (e) {
    return { node, health: null, events: null, error: errorText(e) };
  }
}

async function ask(): Promise<Seen> {
  const [health, events] = await Promise.all([api.get<Health>('/health'), alarmsOf()]);
  const own: NodeSaid = { node: health.shards?.node ?? '', health, events, error: '' };
  const others = await Promise.all(askThrough(health).map((x) => askNode(x.node, x.mine)));
  return {
    rows: merge([own, ...others]),
    nodes: health.shards?.nodes.length ?? 0,
    now: health.now ?? Date.now(),
    error: '',
  };
}

/** Calls `f` at once and then every `ms`, never twice at a time, not while nobody looks. */
export function useEvery(f: () => Promise<void>, ms: number, key: string): void {
  useEffect(() => {
    let busy = false;
    let gone = false;
    const go = () => {
      if (busy || gone || document.hidden) return;
      busy = true;
      void f().finally(() => {
        busy = false;
      });
    };
    go();
    const timer = setInterval(go, ms);
    return () => {
      gone = true;
      clearInterval(timer);
    };
  }, [key]);
}

export function useMines(): Seen | null {
  const [seen, set] = useState<Seen | null>(null);
  useEvery(
    () =>
      ask().then(set, (e: unknown) =>
        set((o) => ({ ...(o ?? { rows: [], nodes: 0, now: Date.now() }), error: errorText(e) })),
      ),
    EVERY_MS,
    mayEvents() ? 'alarms' : '',
  );
  return seen;
}
