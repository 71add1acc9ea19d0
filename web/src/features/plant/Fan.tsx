// SPDX-License-Identifier: Apache-2.0
/** A station of two main fans: which one blows, through which damper, and which way. */
import { type Ask, Card, Figures, Sequences, State } from './Card';
import type { Parts } from './parts';
import { t } from './texts';

const X = { left: 60, fan: 250, damper: 370, right: 500 };

function Line({ parts, suffix, y, no }: { parts: Parts; suffix: string; y: number; no: number }) {
  const run = parts.on(`fan.main.run${suffix}`);
  const open = parts.on(`fan.main.open${suffix}`);
  const back = parts.on(`fan.main.turned${suffix}`);
  const blows = run && open;
  return (
    <g class={`fan-line${blows ? ' blows' : ''}${run === null ? ' unknown' : ''}`}>
      <path
        class="duct"
        d={`M ${X.left} 90 L ${X.left + 60} ${y} L ${X.right - 60} ${y} L ${X.right} 90`}
      />
      <circle class={run ? 'on' : ''} cx={X.fan} cy={y} r={24} />
      <text class="fan-sign" x={X.fan} y={y + 6}>
        {run === null ? '?' : run ? (back ? '↺' : '↻') : '■'}
      </text>
      <text class="fan-name" x={X.fan} y={y - 32}>
        {t('fan.no', { n: no })}{' '}
        {run === null ? t('unknown') : t(run ? (back ? 'fan.back' : 'fan.run') : 'fan.still')}
      </text>
      <path
        class="blade"
        d={open ? `M ${X.damper - 16} ${y} h 32` : `M ${X.damper} ${y - 16} v 32`}
      />
      <text class="fan-name" x={X.damper} y={y - 32}>
        {t('fan.damper')} {open === null ? t('unknown') : t(open ? 'open' : 'shut')}
      </text>
    </g>
  );
}

export function Fan({ parts, ask }: { parts: Parts; ask: Ask }) {
  const flow = parts.number('fan.main.flow');
  const reversed = flow !== null && flow < 0;
  return (
    <Card parts={parts} wide>
      <svg class="plant-drawing" viewBox="0 0 560 185" role="img" aria-label={t('fan.drawing')}>
        <text x={X.left - 50} y={94}>
          {t('fan.mine')}
        </text>
        <text x={X.right + 8} y={94}>
          {t('fan.open-air')}
        </text>
        <Line parts={parts} suffix="" y={50} no={1} />
        <Line parts={parts} suffix="-backup" y={150} no={2} />
        <text class="fan-flow" x={140} y={105}>
          {flow === null ? '?' : reversed ? '◀' : flow > 1 ? '▶' : '–'}{' '}
          {flow === null ? '' : Math.abs(flow).toFixed(1)} m³/s
        </text>
      </svg>
      <p class="row wrap">
        <State on={parts.on('fan.main.remote')} yes={t('remote')} no={t('local')} />
        <State
          on={parts.on('fan.main.hatch')}
          yes={t('fan.hatch.open')}
          no={t('fan.hatch.shut')}
          bad
        />
        {reversed && <b>{t('fan.reversed')}</b>}
      </p>
      <Figures
        parts={parts}
        roles={['fan.main.flow', 'fan.main.oil', 'fan.main.shake', 'power.current', 'power.active']}
      />
      <Sequences parts={parts} ask={ask} />
    </Card>
  );
}
