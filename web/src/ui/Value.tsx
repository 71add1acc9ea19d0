// SPDX-License-Identifier: Apache-2.0
/** A value as it may be shown: never without unit and quality, with its age where there is room. */
import type { PointInfo } from '../api/model';
import { gradeOf, type Reading } from '../api/points';
import { site } from '../api/site';
import { live, lost, world } from '../api/world';
import { age, decimalsOf, num } from '../app/format';
import { lang, pick } from '../app/i18n';

/** The short sign of a quality: shown wherever its value is. */
const SIGNS: Record<string, string> = {
  calibration: '校',
  manual: '手',
  'over-range': '＞',
  'under-range': '＜',
  broken: '✕',
  'device-fault': '✕',
  'comm-fault': '✕',
  'feed-anomaly': '馈',
  stale: '?',
  never: '?',
  paused: '‖',
  'future-time': '»',
  gap: '≈',
};
const LATIN: Record<string, string> = { calibration: 'C', manual: 'M', 'feed-anomaly': 'F' };
const FAULTS = new Set(['broken', 'device-fault', 'comm-fault']);

/** The words of qualities come with the site; the program is their one source. */
export function qualityWord(q: string): string {
  return pick(site.value.qualities.get(q)?.title) || q;
}

export function qualitySign(q: string): string {
  return (lang.value !== 'zh' && LATIN[q]) || (SIGNS[q] ?? '');
}

export function isFault(q: string): boolean {
  return FAULTS.has(q);
}

/** The number or the word, without unit. */
export function valueText(p: PointInfo, r: Reading): string {
  if (r.v === null || r.q === 'never') return '–';
  if (p.kind === 'switch' || p.kind === 'output') return site.value.word(p, r.v);
  return num(r.v, decimalsOf(p.resolution));
}

export function QualityMark({ q }: { q: string }) {
  if (q === 'normal' || !q) return null;
  return (
    <span class={`mark${isFault(q) ? ' fault' : ''}`} title={qualityWord(q)}>
      <span aria-hidden="true">{qualitySign(q) || '!'}</span>
      <span class="sr">{qualityWord(q)}</span>
    </span>
  );
}

interface ValueProps {
  point: PointInfo;
  withAge?: boolean;
  withUnit?: boolean;
}

/** Present value of a point in the world that is shown; greys with "?" when the line is lost. */
export function Value({ point, withAge, withUnit = true }: ValueProps) {
  const w = world.value;
  const r = w.points.at(point.i).value;
  const old = w === live && lost.value;
  const grade = old ? 'bad' : gradeOf(r.q);
  return (
    <span class={`value ${grade}`}>
      <span class="v">{valueText(point, r)}</span>
      {old && '?'}
      {withUnit && site.value.unitOf(point) && <span class="unit">{site.value.unitOf(point)}</span>}{' '}
      <QualityMark q={r.q} />
      {withAge && r.t > 0 && <span class="age">{age(w.now.value - r.t)}</span>}
    </span>
  );
}
