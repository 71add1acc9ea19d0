// SPDX-License-Identifier: Apache-2.0
/** History of some points up to the time that is shown, asked again while it is on screen. */
import { useEffect, useState } from 'preact/hooks';
import { api } from '../../api/client';
import type { HistorySeries } from '../../api/model';
import { world } from '../../api/world';

const EVERY = 30_000;
const MOST = 50; // points a request

export function useHistory(
  ids: readonly string[],
  spanMs: number,
  buckets: number,
): readonly HistorySeries[] {
  const [got, set] = useState<readonly HistorySeries[]>([]);
  const key = ids.join();
  const shown = world.value; // another one from the moment a replay begins
  useEffect(() => {
    let gone = false;
    const ask = () => {
      const to = Math.round(world.peek().now.peek());
      if (!to || ids.length === 0) return;
      const query = { points: ids.slice(0, MOST), from: to - spanMs, to, buckets };
      api.get<{ points: HistorySeries[] }>('/history', query).then(
        (r) => !gone && set(ids.flatMap((id) => r.points.find((s) => s.id === id) ?? [])),
        () => undefined,
      );
    };
    ask();
    const timer = setInterval(ask, EVERY);
    return () => {
      gone = true;
      clearInterval(timer);
    };
  }, [key, spanMs, buckets, shown]);
  return got;
}

export const valuesOf = (s: HistorySeries) => ({ t: s.t, v: s.mean ?? s.v ?? [] });
