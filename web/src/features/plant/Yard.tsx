// SPDX-License-Identifier: Apache-2.0
/** The drill's console, and trucks with the diesel that they did not burn. */
import { Value } from '../../ui/Value';
import { type Ask, Card, Figures, Sequences, State } from './Card';
import { EventBook } from './EventBook';
import type { Parts } from './parts';
import { t } from './texts';

export function Drill({ parts, ask }: { parts: Parts; ask: Ask }) {
  const depth = parts.number('drill.depth');
  const planned = parts.number('drill.planned');
  const part = depth !== null && planned ? Math.min(depth / planned, 1) : 0;
  return (
    <Card parts={parts} wide>
      <svg class="plant-drawing" viewBox="0 0 420 170" role="img" aria-label={t('drill.drawing')}>
        <path class="axis" d="M 20 20 H 400" />
        <path class="axis" d="M 190 20 V 150 H 230 V 20" />
        <rect class="face-cell" x={192} y={20} width={36} height={130 * part} opacity={0.5} />
        <text x={240} y={38 + 110 * part}>
          {depth === null ? t('unknown') : `${depth.toFixed(2)} m`}
        </text>
        <text x={100} y={154}>
          {planned === null ? '' : t('drill.planned', { m: planned })}
        </text>
      </svg>
      <p class="row wrap">
        <State on={parts.on('drill.run')} yes={t('drill.run')} no={t('drill.stands')} />
        <State on={parts.on('drill.link-lost')} yes={t('drill.lost')} no={t('drill.link')} bad />
        <State
          on={parts.on('drill.stop-button')}
          yes={t('drill.pressed')}
          no={t('drill.free')}
          bad
        />
      </p>
      <Sequences parts={parts} ask={ask} />
      <Figures parts={parts} rest={['drill.run', 'drill.link-lost', 'drill.stop-button']} />
      <p class="hint">{t('drill.hint')}</p>
      <EventBook parts={parts} />
    </Card>
  );
}

export function Truck({ parts }: { parts: Parts }) {
  const cycles = parts.number('truck.cycles');
  const energy = parts.number('truck.energy');
  const litres = parts.of('truck.litres');
  const each = parts.number('truck.litres');
  return (
    <Card parts={parts} watched>
      <p class="row wrap">
        <State on={parts.on('truck.charging')} yes={t('truck.charging')} no={t('truck.works')} />
        <span>
          {t('truck.each')}{' '}
          <b>{cycles && energy !== null ? (energy / cycles).toFixed(1) : '–'} kWh</b>
        </span>
        <span>
          {t('truck.diesel')}{' '}
          <b>{cycles !== null && each !== null ? (cycles * each).toFixed(0) : '–'} L</b>
        </span>
      </p>
      <Figures parts={parts} rest={['truck.charging', 'truck.litres']} />
      <p class="hint">
        {t('truck.litres')}{' '}
        {litres ? (
          <>
            <Value point={litres} />{' '}
            <a href={`#/point/${encodeURIComponent(litres.id)}`}>
              {t(each === null ? 'truck.set' : 'truck.change', { point: litres.id })}
            </a>
          </>
        ) : (
          t('truck.no-point')
        )}
      </p>
    </Card>
  );
}
