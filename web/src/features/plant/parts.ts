// SPDX-License-Identifier: Apache-2.0
/** The points of a machine by their roles, and what is read of them in the world that is shown. */
import type { PointInfo } from '../../api/model';
import { gradeOf } from '../../api/points';
import { site } from '../../api/site';
import { world } from '../../api/world';
import { type Asset, bit } from '../../sequences/book';

export class Parts {
  private readonly byRole = new Map<string, PointInfo[]>();
  readonly all: PointInfo[] = [];
  constructor(readonly asset: Asset) {
    for (const id of asset.points) {
      const p = site.value.pointById.get(id);
      if (!p) continue;
      this.all.push(p);
      this.byRole.set(p.role, [...(this.byRole.get(p.role) ?? []), p]);
    }
  }
  of(role: string): PointInfo | undefined {
    return this.byRole.get(role)?.[0];
  }
  every(role: string): PointInfo[] {
    return this.byRole.get(role) ?? [];
  }
  /** true, false; null: not known. */
  on(role: string): boolean | null {
    return bit(this.of(role), (p) => world.value.points.at(p.i).value);
  }
  bitOf(p: PointInfo): boolean | null {
    return bit(p, (x) => world.value.points.at(x.i).value);
  }
  /** null: not known. */
  number(role: string): number | null {
    return numberOf(this.of(role));
  }
}

export function numberOf(p: PointInfo | undefined): number | null {
  if (!p) return null;
  const r = world.value.points.at(p.i).value;
  return r.v === null || gradeOf(r.q) === 'bad' ? null : r.v;
}
