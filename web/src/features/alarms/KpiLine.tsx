// SPDX-License-Identifier: Apache-2.0
/** How loaded the dispatcher is: alarms in the last 10 min, the two hours before, flood or not. */
import { useEffect, useState } from 'preact/hooks';
import { api } from '../../api/client';
import type { Alarm } from '../../api/model';
import { live } from '../../api/world';
import { t } from './texts';

const TEN = 600_000;
const PARTS = 12;
const FLOOD = 10;

export function rates(raised: readonly number[], now: number): number[] {
  const out = new Array<number>(PARTS).fill(0);
  for (const r of raised) {
    const back = Math.floor((now - r) / TEN);
    if (back >= 0 && back < PARTS) out[PARTS - 1 - back]! += 1;
  }
  return out;
}

export function KpiLine() {
  const [list, setList] = useState<readonly Alarm[]>([]);
  const now = live.now.value;
  const minute = Math.floor(now / 60_000);
  // asked once a minute
  useEffect(() => {
    if (!minute) return;
    api
      .get<{ items: Alarm[] }>('/alarms', {
        state: 'history',
        from: now - PARTS * TEN,
        to: now,
        limit: 1000,
      })
      .then((r) => setList(r.items))
      .catch(() => undefined);
  }, [minute]);
  const seen = new Map(list.map((a) => [a.id, a.raised]));
  for (const a of live.alarms.list.value) seen.set(a.id, a.raised);
  const n = rates([...seen.values()], now);
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
    </span>
  );
}
