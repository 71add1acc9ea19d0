// SPDX-License-Identifier: Apache-2.0
/** The event book of one machine: what was raised at its points in a day, the newest first. */
import { useEffect, useState } from 'preact/hooks';
import { api } from '../../api/client';
import type { Alarm, AlarmPage } from '../../api/model';
import { site } from '../../api/site';
import { world } from '../../api/world';
import { hms } from '../../app/format';
import { alarm, select } from '../../app/selection';
import type { Parts } from './parts';
import { t } from './texts';

const DAY = 86_400_000;
const EVERY = 10_000;
const SHOWN = 8;

export function EventBook({ parts }: { parts: Parts }) {
  const [items, set] = useState<readonly Alarm[]>([]);
  const own = parts.asset.points.join();
  useEffect(() => {
    let gone = false;
    const mine = new Set(parts.asset.points);
    const ask = () => {
      const to = Math.round(world.peek().now.peek());
      if (!to) return;
      api
        .get<AlarmPage>('/alarms', {
          state: 'history',
          from: to - DAY,
          to,
          place: parts.asset.place,
          limit: 200,
        })
        .then(
          (page) => !gone && set(page.items.filter((a) => mine.has(a.point)).slice(0, SHOWN)),
          () => undefined,
        );
    };
    ask();
    const timer = setInterval(ask, EVERY);
    return () => {
      gone = true;
      clearInterval(timer);
    };
  }, [own]);
  return (
    <section aria-label={t('book')}>
      <h3>{t('book')}</h3>
      {items.length === 0 && <p class="hint">{t('book.none')}</p>}
      <ul class="plant-book">
        {items.map((a) => (
          <li key={a.id}>
            <button type="button" class="plant-figure" onClick={() => select(alarm(a.id))}>
              <span>
                {hms(a.raised)} {site.value.alarmName(a)}
              </span>
              <span class="hint">{site.value.pointName(a.point)}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
