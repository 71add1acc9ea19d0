// SPDX-License-Identifier: Apache-2.0
/** A sump with its pumps: what comes in, what is lifted, what stays, and who is next in duty. */
import { useEffect, useState } from 'preact/hooks';
import { api } from '../../api/client';
import type { HistorySeries } from '../../api/model';
import { world } from '../../api/world';
import { pick } from '../../app/i18n';
import { type Asset, book } from '../../sequences/book';
import { type Balance, balanceOf } from './balance';
import { type Ask, Card, Figures, Sequences, State } from './Card';
import { Parts } from './parts';
import { t } from './texts';

const HOUR = 3_600_000;
const EVERY = 30_000;

/** Water of the last hour; null until it is known. */
function useBalance(parts: Parts): Balance | null {
  const [got, set] = useState<Balance | null>(null);
  const ids = ['water.inflow', 'water.flow', 'sump.volume'].map((r) => parts.of(r)?.id ?? '');
  const key = ids.join();
  useEffect(() => {
    let gone = false;
    const ask = () => {
      const to = world.peek().now.peek();
      if (!to || ids.some((x) => !x)) return;
      api
        .get<{ points: HistorySeries[] }>('/history', {
          points: ids,
          from: to - HOUR,
          to,
          buckets: 120,
        })
        .then(
          (r) => !gone && set(balanceOf(r.points.map((p) => ({ t: p.t, v: p.mean ?? p.v ?? [] })))),
          () => undefined,
        );
    };
    ask();
    const timer = setInterval(ask, EVERY);
    return () => {
      gone = true;
      clearInterval(timer);
    };
  }, [key]);
  return got;
}

function Water({ b }: { b: Balance | null }) {
  if (!b) return <p class="hint">{t('sump.waiting')}</p>;
  const off = b.inM3 - b.outM3 - b.storedM3;
  const m3 = (v: number) => `${v.toFixed(0)} m³`;
  return (
    <p class="row wrap plant-balance">
      <span>{t('sump.minutes', { n: Math.round(b.hours * 60) })}</span>
      <span>
        {t('sump.in')} <b>{m3(b.inM3)}</b>
      </span>
      <span>
        = {t('sump.out')} <b>{m3(b.outM3)}</b>
      </span>
      <span>
        + {t('sump.stored')} <b>{m3(b.storedM3)}</b>
      </span>
      <span>
        + {t('sump.off')} <b>{m3(off)}</b> ({b.inM3 > 0 ? ((100 * off) / b.inM3).toFixed(1) : '–'}{' '}
        %)
      </span>
    </p>
  );
}

const hours = (p: Parts) => p.number('pump.hours');

/** In duty by itself next: of those in duty that stand and are ready, the one with fewest hours. */
export function Pump({ asset, ask }: { asset: Asset; ask: Ask }) {
  const parts = new Parts(asset);
  if (parts.of('pump.remote')) return <Sump parts={parts} />;
  return (
    <Card parts={parts}>
      <p class="row wrap">
        <State on={parts.on('pump.run')} yes={t('pump.run')} no={t('pump.stands')} />
        <State on={parts.on('pump.duty')} yes={t('pump.duty')} no={t('pump.standby')} />
        <State on={parts.on('pump.fault')} yes={t('pump.fault')} no={t('pump.sound')} bad />
      </p>
      <Figures
        parts={parts}
        roles={['pump.hours', 'pump.ready', 'power.current', 'power.active']}
      />
      <Sequences parts={parts} ask={ask} />
    </Card>
  );
}

function Sump({ parts }: { parts: Parts }) {
  const balance = useBalance(parts);
  const pumps = (book.value?.assets ?? [])
    .filter((a) => a.to === parts.asset.id)
    .map((a) => new Parts(a));
  const order = [...pumps].sort((a, b) => (hours(a) ?? Infinity) - (hours(b) ?? Infinity));
  return (
    <Card parts={parts} wide>
      <p class="row wrap">
        <State on={parts.on('pump.remote')} yes={t('remote')} no={t('local')} />
        <span>
          {t('pump.next')}{' '}
          <b>
            {parts.number('pump.next')
              ? t('fan.no', { n: parts.number('pump.next') ?? 0 })
              : t('pump.none')}
          </b>
        </span>
      </p>
      <Figures parts={parts} roles={['water.level', 'sump.volume', 'water.inflow', 'water.flow']} />
      <Water b={balance} />
      <ol class="plant-order" aria-label={t('pump.order')}>
        {order.map((p) => (
          <li key={p.asset.id}>
            {pick(p.asset.name)} {hours(p)?.toFixed(1) ?? '?'} h{' '}
            <span class="hint">
              {p.on('pump.duty') ? t('pump.duty') : t('pump.standby')}
              {p.on('pump.run') ? ` · ${t('pump.run')}` : ''}
            </span>
          </li>
        ))}
      </ol>
      <p class="hint">{t('pump.hint')}</p>
    </Card>
  );
}
