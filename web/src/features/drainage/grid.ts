// SPDX-License-Identifier: Apache-2.0
/** A plan's rows as a table that is typed in: what each cell may hold, and the sums that follow. The
 *  server judges; this only tells while typing what it will say (src/domain/gas/drain.c). */
import type { Result } from './model';

/** What GET /drainage/plans/{record} calls `case`. */
export interface Case {
  from: string;
  months: number;
  stations: { id: string; capacity: number }[];
  users: { id: string; station: string; capacity: number; min_conc: number }[];
  zones: { id: string; coal: number; content: number; drained: number; target: number }[];
  sources: {
    id: string;
    zone?: string;
    station: string;
    available: { flow: number; conc: number }[];
  }[];
}
export interface Row {
  id: string;
  user: boolean;
  station: string;
  zone: string;
  /** Pure m³ by month. */
  cells: number[];
  /** At most. */
  most: number[];
}
export interface Grid {
  months: string[];
  rows: Row[];
}
export interface StationMonth {
  mixed: number;
  pure: number;
  used: number;
  /** Percent; null: nothing is drawn. */
  conc: number | null;
  load: number;
}

const NEAR = 0.5; // m³: less is rounding

export function monthsOf(from: string, n: number): string[] {
  const [y, m] = from.split('-').map(Number) as [number, number];
  return Array.from({ length: n }, (_, i) => {
    const at = y * 12 + m - 1 + i;
    return `${Math.floor(at / 12)}-${String((at % 12) + 1).padStart(2, '0')}`;
  });
}

export function minutesOf(month: string): number {
  const [y, m] = month.split('-').map(Number) as [number, number];
  return new Date(Date.UTC(y, m, 0)).getUTCDate() * 1440;
}

/** Boreholes first, then users; what is not in the plan is nothing. */
export function gridOf(c: Case, plan: Result['plan']): Grid {
  const months = monthsOf(c.from, c.months);
  const given = new Map<string, number>();
  for (const r of plan) {
    const key = `${r.user === undefined ? 'hole' : 'user'} ${r.user ?? r.source} ${r.month}`;
    given.set(key, (given.get(key) ?? 0) + r.pure);
  }
  const cells = (kind: string, id: string) =>
    months.map((m) => given.get(`${kind} ${id} ${m}`) ?? 0);
  return {
    months,
    rows: [
      ...c.sources.map((s) => ({
        id: s.id,
        user: false,
        station: s.station,
        zone: s.zone ?? '',
        cells: cells('hole', s.id),
        most: months.map((m, i) => {
          const a = s.available[i];
          return a ? (a.flow * a.conc * minutesOf(m)) / 100 : 0;
        }),
      })),
      ...c.users.map((u) => ({
        id: u.id,
        user: true,
        station: u.station,
        zone: '',
        cells: cells('user', u.id),
        most: months.map((m) => u.capacity * minutesOf(m)),
      })),
    ],
  };
}

export const over = (v: number, most: number) => v > most + NEAR;

export function setCell(g: Grid, row: number, col: number, m3: number): Grid {
  return {
    ...g,
    rows: g.rows.map((r, i) =>
      i === row ? { ...r, cells: r.cells.map((v, k) => (k === col ? m3 : v)) } : r,
    ),
  };
}

/** A block as copied from a sheet (10⁴ m³, tabs and lines), laid from a cell on; what is no number
 *  or lies beyond the table is left out. */
export function paste(g: Grid, row: number, col: number, text: string): Grid {
  let out = g;
  text
    .replace(/\r/g, '')
    .replace(/\n$/, '')
    .split('\n')
    .forEach((line, i) => {
      line.split('\t').forEach((cell, k) => {
        const v = Number(cell.replace(/[,\s]/g, ''));
        if (cell.trim() === '' || !Number.isFinite(v) || v < 0) return;
        if (g.rows[row + i] && g.months[col + k]) out = setCell(out, row + i, col + k, v * 1e4);
      });
    });
  return out;
}

export function stationMonth(g: Grid, c: Case, station: string, i: number): StationMonth {
  let [mixed, pure, used] = [0, 0, 0];
  for (const r of g.rows.filter((x) => x.station === station)) {
    const v = r.cells[i] ?? 0;
    if (r.user) {
      used += v;
      continue;
    }
    const conc = c.sources.find((s) => s.id === r.id)?.available[i]?.conc ?? 0;
    pure += v;
    mixed += conc > 0 ? (100 * v) / conc : 0;
  }
  const capacity = c.stations.find((s) => s.id === station)?.capacity ?? 0;
  const most = capacity * minutesOf(g.months[i]!);
  return {
    mixed,
    pure,
    used,
    conc: mixed > 0 ? (100 * pure) / mixed : null,
    load: most > 0 ? (100 * mixed) / most : 0,
  };
}

/** What a station's month breaks: its pumps, more used than drained, thinner than a user needs. */
export function broken(
  g: Grid,
  c: Case,
  station: string,
  i: number,
): ('pumps' | 'balance' | 'thin')[] {
  const s = stationMonth(g, c, station, i);
  const needs = g.rows
    .filter((r) => r.user && r.station === station && (r.cells[i] ?? 0) > NEAR)
    .map((r) => c.users.find((u) => u.id === r.id)?.min_conc ?? 0);
  return [
    ...(s.load > 100.01 ? (['pumps'] as const) : []),
    ...(over(s.used, s.pure) ? (['balance'] as const) : []),
    ...(needs.some((n) => (s.conc ?? 0) < n - 1e-6) ? (['thin'] as const) : []),
  ];
}

/** Content in m³/t at the end of each month. */
export function contentOf(g: Grid, c: Case, zone: string): number[] {
  const z = c.zones.find((x) => x.id === zone);
  if (!z) return [];
  let drained = z.drained;
  return g.months.map((_, i) => {
    for (const r of g.rows) if (!r.user && r.zone === zone) drained += r.cells[i] ?? 0;
    return z.content - drained / z.coal;
  });
}

/** As the register keeps it: month,hole or user,id,m³ a line; nothing is no line. */
export function rowsText(g: Grid): string {
  return g.months
    .flatMap((m, i) =>
      g.rows
        .filter((r) => (r.cells[i] ?? 0) > 0)
        .map((r) => `${m},${r.user ? 'user' : 'hole'},${r.id},${Math.round(r.cells[i]!)}\n`),
    )
    .join('');
}
