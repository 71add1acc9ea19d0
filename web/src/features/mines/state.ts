// SPDX-License-Identifier: Apache-2.0
/** One list of mines out of what each node of the region says of its own. Pure. */
import type { Text } from '../../api/model';
import type { Health, LinkState } from '../../api/records';

export interface EventRow {
  id: number;
  fields: {
    mine: string;
    seq: number;
    at: number;
    type: string;
    subject: string;
    point: string;
    change: string;
    state: string;
    /** as the mine sent it, JSON */
    body?: string;
  };
}

/** What is read of that; nothing where it says none. */
export interface Sent {
  title?: Text;
  value?: number;
  unit?: string;
  priority?: number;
}

export function sentOf(e: EventRow): Sent {
  try {
    const o: unknown = JSON.parse(e.fields.body ?? '');
    return o !== null && typeof o === 'object' ? (o as Sent) : {};
  } catch {
    return {};
  }
}

/** What one node answered; `events`: the last report of each alarm, null when that may not be seen. */
export interface NodeSaid {
  node: string;
  health: Health | null;
  events: EventRow[] | null;
  error: string;
}

export interface MineRow {
  id: string;
  /** "" nobody has it; null: this site does not divide its mines */
  node: string | null;
  url: string;
  here: boolean;
  /** undefined: its node does not answer */
  link?: LinkState;
  alarms: EventRow[] | null;
  error: string;
}

/** A mine of each other node, by which that node is asked. */
export function askThrough(h: Health): { node: string; mine: string }[] {
  const one = new Map<string, string>();
  for (const n of h.shards?.names ?? [])
    if (n.node && n.node !== h.shards?.node && !one.has(n.node)) one.set(n.node, n.name);
  return [...one].map(([node, mine]) => ({ node, mine }));
}

/** A mine's alarms, which may have been reported to one node and ended at another one: the last
 *  number in the mine's own journal counts. */
export function openAlarms(mine: string, all: readonly EventRow[]): EventRow[] {
  const last = new Map<string, EventRow>();
  for (const e of all) {
    if (e.fields.mine !== mine || e.fields.type !== 'alarm') continue;
    const key = `${e.fields.subject}\n${e.fields.point}`;
    const before = last.get(key);
    if (!before || before.fields.seq < e.fields.seq) last.set(key, e);
  }
  return [...last.values()]
    .filter((e) => e.fields.state !== 'normal')
    .sort((a, b) => b.fields.at - a.fields.at);
}

/** "1.2 kB/s, record 0 s behind, …" */
export function rateOf(text: string | undefined): number | null {
  const found = /([\d.]+) kB\/s/.exec(text ?? '');
  return found ? Number(found[1]) : null;
}

/** The other figures of that text; null: it is another one. */
export function figuresOf(text: string | undefined): Record<string, string> | null {
  return (
    /record (?<behind>\d+) s behind, (?<doubles>\d+) doubles, (?<gaps>\d+) gaps, (?<refused>\d+)/.exec(
      text ?? '',
    )?.groups ?? null
  );
}

/** What is silent first, then what has alarms, then by name. */
function worse(a: MineRow, b: MineRow): number {
  const up = (r: MineRow) => (r.link?.up ? 1 : 0);
  return (
    up(a) - up(b) ||
    (b.alarms?.length ?? 0) - (a.alarms?.length ?? 0) ||
    a.id.localeCompare(b.id, 'zh')
  );
}

/** `said`: this node first, then the others. */
export function merge(said: readonly NodeSaid[]): MineRow[] {
  const own = said[0]?.health;
  if (!own) return [];
  const may = said.some((s) => s.events !== null);
  const events = said.flatMap((s) => s.events ?? []);
  const shards = own.shards ?? null;
  return own.links
    .filter((l) => l.kind === 'mine')
    .map((l): MineRow => {
      const node = shards ? (shards.names.find((n) => n.name === l.id)?.node ?? '') : null;
      const here = node === null || node === shards?.node;
      const from = here ? said[0] : said.find((s) => s.node === node);
      return {
        id: l.id,
        node,
        url: shards?.nodes.find((n) => n.node === node)?.url ?? '',
        here,
        link: here || node === '' ? l : from?.health?.links.find((x) => x.id === l.id),
        alarms: may ? openAlarms(l.id, events) : null,
        error: from?.error ?? '',
      };
    })
    .sort(worse);
}
