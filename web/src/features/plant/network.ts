// SPDX-License-Identifier: Apache-2.0
/** The communication network on the map: links of the ring by state, and how far along the roadways
 *  a base station is heard. */
import type { PointInfo } from '../../api/model';
import type { Asset } from '../../sequences/book';

export type Line = readonly (readonly number[])[];
export type Bit = boolean | null;
export interface Link {
  id: string;
  from: readonly [number, number];
  to: readonly [number, number];
  /** The ports at its two ends. */
  ports: PointInfo[];
  /** Only of the link that closes the ring: says 1 while the ring is whole and this one stands by. */
  ring?: PointInfo;
}
export interface Base {
  id: string;
  at: readonly [number, number];
  reach_m: number;
  state?: PointInfo;
  phones?: PointInfo;
}
type PointOf = (id: string) => PointInfo | undefined;

function pointsOf(a: Asset, pointOf: PointOf): PointInfo[] {
  return a.points.flatMap((id) => pointOf(id) ?? []);
}

function spotOf(points: readonly PointInfo[]): readonly [number, number] | null {
  const p = points.find((x) => x.x != null && x.y != null);
  return p ? [p.x!, p.y!] : null;
}

/** One a switch that has a next one; those whose place nobody gave are left out. */
export function linksOf(assets: readonly Asset[], pointOf: PointOf): Link[] {
  const byId = new Map(assets.map((a) => [a.id, a]));
  return assets.flatMap((a) => {
    const next = a.kind === 'switch' && a.to ? byId.get(a.to) : undefined;
    if (next?.kind !== 'switch') return [];
    const [here, there] = [pointsOf(a, pointOf), pointsOf(next, pointOf)];
    const [from, to] = [spotOf(here), spotOf(there)];
    const ports = [
      ...here.filter((p) => p.role === 'net.port.next'),
      ...there.filter((p) => p.role === 'net.port.prev'),
    ];
    return from && to ? [{ id: a.id, from, to, ports }] : [];
  });
}

/** The link that closes each ring, from its head, which tells its state, to the last of its chain. */
export function closingsOf(assets: readonly Asset[], pointOf: PointOf): Link[] {
  const byId = new Map(assets.map((a) => [a.id, a]));
  return assets.flatMap((head) => {
    const ring = pointsOf(head, pointOf).find((p) => p.role === 'net.ring');
    if (!ring) return [];
    const seen = new Set([head.id]);
    let last = head;
    for (let next = byId.get(head.to ?? ''); next && !seen.has(next.id); ) {
      seen.add(next.id);
      last = next;
      next = byId.get(next.to ?? '');
    }
    const [from, to] = [spotOf(pointsOf(head, pointOf)), spotOf(pointsOf(last, pointOf))];
    return last !== head && from && to
      ? [{ id: `${head.id} ring`, from, to, ports: [], ring }]
      : [];
  });
}

/** A length of its own says how far a station is heard; without one it covers nothing. */
export function basesOf(assets: readonly Asset[], pointOf: PointOf): Base[] {
  return assets.flatMap((a) => {
    const points = pointsOf(a, pointOf);
    const at = a.kind === 'base' ? spotOf(points) : null;
    return at
      ? [
          {
            id: a.id,
            at,
            reach_m: a.length_m ?? 0,
            state: points.find((p) => p.role === 'base.state'),
            phones: points.find((p) => p.role === 'base.phones'),
          },
        ]
      : [];
  });
}

/** A break is what a port says that answers; null: neither end says anything. */
export function linkState(ports: readonly Bit[]): Bit {
  if (ports.some((p) => p === false)) return false;
  return ports.some((p) => p === true) ? true : null;
}

// --- along the roadways

interface Road {
  line: Line;
  long: number;
  ends: readonly [string, string];
}
export interface Roads {
  all: Road[];
  at: Map<string, number[]>;
}

const step = (a: readonly number[], b: readonly number[]) =>
  Math.hypot(b[0]! - a[0]!, b[1]! - a[1]!);
const node = (p: readonly number[]) => `${Math.round(p[0]!)},${Math.round(p[1]!)}`;

export function roadsOf(lines: readonly Line[]): Roads {
  const all = lines
    .filter((line) => line.length > 1)
    .map((line) => ({
      line,
      long: line.slice(1).reduce((sum, p, i) => sum + step(line[i]!, p), 0),
      ends: [node(line[0]!), node(line.at(-1)!)] as const,
    }));
  const at = new Map<string, number[]>();
  all.forEach((r, i) => {
    for (const end of r.ends) at.set(end, [...(at.get(end) ?? []), i]);
  });
  return { all, at };
}

/** The roadway next to a spot, and how far along it. */
function nearest(roads: Roads, spot: readonly number[]): { road: number; offset: number } | null {
  let best: { road: number; offset: number } | null = null;
  let least = Number.POSITIVE_INFINITY;
  roads.all.forEach(({ line }, road) => {
    let before = 0;
    for (let i = 0; i + 1 < line.length; i++) {
      const [a, b] = [line[i]!, line[i + 1]!];
      const [dx, dy, l] = [b[0]! - a[0]!, b[1]! - a[1]!, step(a, b)];
      const f = l > 0 ? ((spot[0]! - a[0]!) * dx + (spot[1]! - a[1]!) * dy) / (l * l) : 0;
      const t = Math.min(1, Math.max(0, f));
      const far = step(spot, [a[0]! + dx * t, a[1]! + dy * t]);
      if (far < least) [least, best] = [far, { road, offset: before + t * l }];
      before += l;
    }
  });
  return best;
}

/** The part of a line from one distance to another along it. */
export function slice(line: Line, from: number, to: number): number[][] {
  const out: number[][] = [];
  let before = 0;
  for (let i = 0; i + 1 < line.length; i++) {
    const [a, b] = [line[i]!, line[i + 1]!];
    const l = step(a, b);
    const [lo, hi] = [Math.max(from, before), Math.min(to, before + l)];
    if (l > 0 && lo < hi) {
      const on = (d: number) => [
        a[0]! + ((b[0]! - a[0]!) * (d - before)) / l,
        a[1]! + ((b[1]! - a[1]!) * (d - before)) / l,
      ];
      if (out.length === 0) out.push(on(lo));
      out.push(on(hi));
    }
    before += l;
  }
  return out;
}

/** What is left of the reach at each node, the most first (Dijkstra). */
function spread(roads: Roads, rest: Map<string, number>, first: number): void {
  const open = new Set(rest.keys());
  while (open.size) {
    const here = [...open].reduce((a, b) => (rest.get(a)! >= rest.get(b)! ? a : b));
    open.delete(here);
    for (const i of roads.at.get(here) ?? []) {
      const r = roads.all[i]!;
      const there = r.ends[0] === here ? r.ends[1] : r.ends[0];
      const left = rest.get(here)! - r.long;
      if (i === first || left <= (rest.get(there) ?? 0)) continue;
      rest.set(there, left);
      open.add(there);
    }
  }
}

/** The stretches of roadway within `reach_m` of a spot, along them. */
export function covered(roads: Roads, spot: readonly number[], reach_m: number): number[][][] {
  const start = nearest(roads, spot);
  if (!start || !(reach_m > 0)) return [];
  const { road, offset } = start;
  const own = roads.all[road]!;
  const rest = new Map<string, number>();
  if (reach_m > offset) rest.set(own.ends[0], reach_m - offset);
  const onward = reach_m - (own.long - offset);
  if (onward > (rest.get(own.ends[1]) ?? 0)) rest.set(own.ends[1], onward);
  spread(roads, rest, road);
  return roads.all
    .flatMap((r, i) => {
      if (i === road) return [slice(r.line, offset - reach_m, offset + reach_m)];
      const [a, b] = [rest.get(r.ends[0]) ?? 0, rest.get(r.ends[1]) ?? 0];
      if (a + b >= r.long) return [slice(r.line, 0, r.long)];
      return [slice(r.line, 0, a), slice(r.line, r.long - b, r.long)];
    })
    .filter((l) => l.length > 1);
}
