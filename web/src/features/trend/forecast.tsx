// SPDX-License-Identifier: Apache-2.0
/** The forecast of methane: asked twice a minute while the trend follows the present; never in a replay. */
import { useEffect } from 'preact/hooks';
import { api } from '../../api/client';
import { can } from '../../api/session';
import { site } from '../../api/site';
import { replaying } from '../../api/world';
import type { Forecast, Trend } from './model';
import { textOf } from './Side';
import { t } from './texts';

const AGAIN_MS = 30_000;
const SENSORS = 4;

export function useForecasts(trend: Trend): void {
  const following = trend.view.value.follow && !replaying.value && can('history.read');
  const ids = trend.points.value
    .filter((p) => p.role.startsWith('ch4.'))
    .slice(0, SENSORS)
    .map((p) => p.id);
  const key = following ? ids.join() : '';
  useEffect(() => {
    trend.forecasts.value = new Map();
    if (!key) return;
    let gone = false;
    const ask = async () => {
      const got = await Promise.all(
        key
          .split(',')
          .map((id) =>
            api.get<Forecast>(`/points/${encodeURIComponent(id)}/forecast`).catch(() => null),
          ),
      );
      if (gone) return;
      trend.forecasts.value = new Map(
        got.flatMap((f) => (f && f.value !== null ? [[f.point, f] as const] : [])),
      );
    };
    void ask();
    const timer = setInterval(() => void ask(), AGAIN_MS);
    return () => {
      gone = true;
      clearInterval(timer);
    };
  }, [key]);
}

/** In words, under the picture: what it is, and what it is not. */
export function ForecastNote({ trend }: { trend: Trend }) {
  const list = trend.points.value.flatMap((p) => {
    const f = trend.forecasts.value.get(p.id);
    return f && f.value !== null
      ? [
          t('forecast.one', {
            point: p.id,
            value: textOf(p, f.value),
            low: textOf(p, f.low ?? f.value),
            high: textOf(p, f.high ?? f.value),
            unit: site.value.unitOf(p),
          }),
        ]
      : [];
  });
  if (!list.length) return null;
  return (
    <p class="hint" role="note">
      <b>{t('forecast')}</b> {list.join('；')} {t('forecast.not')}
    </p>
  );
}
