// SPDX-License-Identifier: Apache-2.0
/** How loaded the dispatcher is: alarms in the last 10 min, the two hours before, flood or not. */
import { useEffect, useState } from 'preact/hooks';
import { api } from '../../api/client';
import type { AlarmKpi } from '../../api/model';
import { live } from '../../api/world';
import { t } from './texts';

const TEN = 600_000;
const PARTS = 12;
const FLOOD = 10;

/** Of the server's counts, which begin at `from`, the last PARTS; missing ones are none. */
export function lastParts(perTen: readonly number[]): number[] {
  const kept = perTen.slice(-PARTS);
  return [...new Array<number>(PARTS - kept.length).fill(0), ...kept];
}

export function KpiLine() {
  const [kpi, setKpi] = useState<AlarmKpi | null>(null);
  const now = live.now.value;
  const half = Math.floor(now / 30_000);
  // asked twice a minute
  useEffect(() => {
    if (!half) return;
    api
      .get<AlarmKpi>('/alarms/kpi', {
        from: Math.round(now - PARTS * TEN) + 1,
        to: Math.round(now),
      })
      .then(setKpi)
      .catch(() => undefined);
  }, [half]);
  if (!kpi) return null;
  const n = lastParts(kpi.per_10min);
  const last = n[PARTS - 1]!;
  const max = Math.max(FLOOD, ...n);
  return (
    <span class="row kpi-line">
      <span>{t('kpi', { n: last })}</span>
      <svg class="kpi-bars" viewBox={`0 0 ${PARTS * 6} 18`} role="img" aria-label={t('kpi.spark')}>
        {n.map((v, i) => (
          <rect
            key={i}
            x={i * 6}
            width="5"
            y={18 - (v / max) * 17 - 1}
            height={(v / max) * 17 + 1}
          />
        ))}
      </svg>
      <span class={last > FLOOD ? 'flood' : ''}>
        {t('kpi.flood', { word: last > FLOOD ? t('yes') : t('no') })}
      </span>
      <a href="#/alarm-measures">{t('stats')}</a>
    </span>
  );
}
