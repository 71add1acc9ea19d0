// SPDX-License-Identifier: Apache-2.0
/** The site as it does not change between reloads: points, places, roles, rules, with look-ups. */
import { signal } from '@preact/signals';
import { siteOffset, unitSign } from '../app/format';
import { nameOf, pick } from '../app/i18n';
import { t } from '../app/texts';
import zh from '../app/zh.json';
import { api } from './client';
import type { Alarm, PastSite, Place, PointInfo, Quality, Role, RuleInfo, Site } from './model';

export class SiteModel {
  readonly pointById = new Map<string, PointInfo>();
  readonly pointByIndex: (PointInfo | undefined)[] = [];
  readonly places = new Map<string, Place>();
  readonly roles = new Map<string, Role>();
  readonly rules = new Map<string, RuleInfo>();
  readonly qualities = new Map<string, Quality>();
  private readonly children = new Map<string, string[]>();

  constructor(
    readonly site: Site,
    readonly points: readonly PointInfo[],
    /** In a replay: another site than the one that runs now. */
    readonly past = false,
  ) {
    for (const p of points) {
      this.pointById.set(p.id, p);
      this.pointByIndex[p.i] = p;
    }
    for (const p of site.places) {
      this.places.set(p.id, p);
      if (p.parent) this.children.set(p.parent, [...(this.children.get(p.parent) ?? []), p.id]);
    }
    for (const r of site.roles) this.roles.set(r.id, r);
    for (const r of site.rules) this.rules.set(r.id, r);
    for (const q of site.qualities ?? []) this.qualities.set(q.id, q);
  }

  /** This site as it was then: other points, places and limits; the rest is today's. */
  asOf(then: PastSite): SiteModel {
    const ended = new Set(then.ended);
    const points = new Map(this.points.filter((p) => !ended.has(p.i)).map((p) => [p.i, p]));
    for (const p of then.points ?? []) points.set(p.i, p);
    const places = new Map(this.site.places.map((p) => [p.id, p]));
    for (const p of then.places ?? []) places.set(p.id, p);
    const site = { ...this.site, hash: then.hash, places: [...places.values()] };
    return new SiteModel(site, [...points.values()], true);
  }

  roleOf(p: PointInfo): Role | undefined {
    return this.roles.get(p.role);
  }

  groupOf(p: PointInfo): string {
    return this.roles.get(p.role)?.group || 'other';
  }

  groupTitle(id: string): string {
    const key = `group.${id}`;
    const known = key in zh ? t(key as keyof typeof zh) : id;
    return pick(this.site.groups?.find((g) => g.id === id)?.title) || known;
  }

  unitOf(p: PointInfo): string {
    return unitSign(p.unit || this.roles.get(p.role)?.unit || '');
  }

  /** "T1" of the role, or the id: what the map writes. */
  shortOf(p: PointInfo): string {
    return this.roles.get(p.role)?.short || p.id;
  }

  placeName(id: string | undefined): string {
    return id ? nameOf(this.places.get(id)) || id : '';
  }

  pointName(id: string): string {
    return nameOf(this.pointById.get(id)) || id;
  }

  /** "断电", "送电": the word of a switch's value. */
  word(p: PointInfo, v: number): string {
    if (p.set) return `${v} ${p.unit ?? ''}`.trim();
    const r = this.roles.get(p.role);
    return pick(v ? r?.on : r?.off) || (v ? '1' : '0');
  }

  alarmName(a: Alarm): string {
    const p = this.pointById.get(a.point);
    return (p && nameOf(p)) || a.name || a.point;
  }

  alarmTitle(a: Alarm): string {
    return pick(this.rules.get(a.rule)?.title) || pick(a.title) || a.rule;
  }

  alarmPlace(a: Alarm): string {
    return this.places.has(a.place) ? this.placeName(a.place) : (a.place_name ?? a.place);
  }

  /** A place with everything below it. */
  below(id: string): Set<string> {
    const out = new Set<string>([id]);
    for (const p of out) for (const c of this.children.get(p) ?? []) out.add(c);
    return out;
  }

  childrenOf(id: string): readonly string[] {
    return this.children.get(id) ?? [];
  }

  /** Where a point stands: its own position or its place's. */
  position(p: PointInfo): [number, number] | null {
    if (p.x !== undefined && p.y !== undefined && p.x !== null && p.y !== null) return [p.x, p.y];
    const place = this.places.get(p.place);
    return place?.x !== undefined && place.y !== undefined ? [place.x, place.y] : null;
  }
}

export const EMPTY_SITE = new SiteModel(
  { id: '', name: '', simulation: false, roles: [], places: [], rules: [] },
  [],
);

/** What the screens show: the running site or, in a replay, the one of that time. */
export const site = signal<SiteModel>(EMPTY_SITE);
let running = EMPTY_SITE;
let past: PastSite | undefined;
let renewed = false; // the running site is another than that which `past` was told against

/** Show the site as it was; without `then` the running one again. */
export function showSiteOf(then?: PastSite): void {
  const want = then && !then.same ? then : undefined;
  if (!renewed && want?.hash === past?.hash) return;
  past = want;
  renewed = false;
  site.value = want ? running.asOf(want) : running;
}

export async function loadSite(): Promise<void> {
  const [s, points] = await Promise.all([
    api.get<Site>('/site'),
    api.all<PointInfo>('/points', { limit: 5000 }),
  ]);
  siteOffset.value = (s.utc_offset_s ?? 8 * 3600) * 1000;
  running = new SiteModel(s, points);
  renewed = true;
  site.value = past ? running.asOf(past) : running; // a past that is looked at stays
}
