// SPDX-License-Identifier: Apache-2.0
/** The shaft with its cage, and its speed over its depth under the envelope: seen, never commanded. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { world } from '../../api/world';
import { Card, Figures, State } from './Card';
import { EventBook } from './EventBook';
import type { Parts } from './parts';
import { t } from './texts';

const TOP = 30;
const BOTTOM = 270;
const PLOT = { left: 250, right: 520 };
const KEPT = 1200;

interface Spot {
  depth: number;
  speed: number;
}

/** Where it has been since the page was opened, one spot a change. */
function useTrace(depth: number | null, speed: number | null): Spot[] {
  const [, redraw] = useState(0);
  const kept = useRef<Spot[]>([]);
  useEffect(() => {
    if (depth === null || speed === null) return;
    kept.current = [...kept.current.slice(1 - KEPT), { depth, speed }];
    redraw((n) => n + 1);
  }, [depth, speed]);
  return kept.current;
}

export function Hoist({ parts }: { parts: Parts }) {
  const depth = parts.number('hoist.depth');
  const speed = parts.number('hoist.speed');
  const limit = parts.number('hoist.envelope');
  const range = parts.of('hoist.depth')?.range;
  const deep = Math.max(100, ...(range ? [range[1]] : []), depth ?? 0);
  const trace = useTrace(depth, speed);
  const envelope = useTrace(depth, limit);
  const y = (d: number) => TOP + ((BOTTOM - TOP) * Math.min(Math.max(d, 0), deep)) / deep;
  const x = (v: number) => PLOT.left + ((PLOT.right - PLOT.left) * Math.min(v, 12)) / 12;
  const curtains = parts.every('hoist.curtain');
  const over = speed !== null && limit !== null && speed > limit;
  void world.value.points.tick.value;
  return (
    <Card parts={parts} wide watched>
      <svg
        class="plant-drawing tall"
        viewBox="0 0 620 300"
        role="img"
        aria-label={t('hoist.drawing')}
      >
        <path
          class="duct"
          d={`M 80 ${TOP - 10} V ${BOTTOM + 20} M 140 ${TOP - 10} V ${BOTTOM + 20}`}
        />
        {depth !== null && (
          <>
            <path class="rope" d={`M 110 5 V ${y(depth) - 10}`} />
            <rect class="cage" x={88} y={y(depth) - 10} width={44} height={20} />
            <text x={150} y={y(depth) + 4}>
              {depth.toFixed(1)} m
            </text>
          </>
        )}
        {depth === null && (
          <text x={92} y={150}>
            {t('unknown')}
          </text>
        )}
        {curtains.map((c, i) => {
          const closed = parts.bitOf(c);
          return (
            <text key={c.id} x={10} y={i === 0 ? TOP : BOTTOM}>
              {t('hoist.curtain')} {closed === null ? '?' : t(closed ? 'shut' : 'open')}
            </text>
          );
        })}
        <path class="axis" d={`M ${PLOT.left} ${TOP} V ${BOTTOM} H ${PLOT.right}`} />
        <text x={PLOT.left - 8} y={TOP - 10}>
          0 m
        </text>
        <text x={PLOT.right - 30} y={BOTTOM + 18}>
          12 m/s
        </text>
        {envelope.map((s, i) => (
          <circle key={`e${i}`} class="limit" cx={x(s.speed)} cy={y(s.depth)} r={1.5} />
        ))}
        {trace.map((s, i) => (
          <circle key={`s${i}`} class="spot" cx={x(s.speed)} cy={y(s.depth)} r={1.5} />
        ))}
        {depth !== null && speed !== null && (
          <circle class={over ? 'over' : 'on'} cx={x(speed)} cy={y(depth)} r={6} />
        )}
        <text x={PLOT.left + 10} y={BOTTOM + 18}>
          {t('hoist.plot')}
        </text>
      </svg>
      <p class="row wrap">
        <State on={parts.on('hoist.permit')} yes={t('hoist.permit')} no={t('hoist.blocked')} />
        <State
          on={parts.on('hoist.over-wind')}
          yes={t('hoist.over')}
          no={t('hoist.not-over')}
          bad
        />
        <State on={parts.on('hoist.slack')} yes={t('hoist.slack')} no={t('hoist.tight')} bad />
        {over && <b>✕ {t('hoist.fast')}</b>}
      </p>
      <Figures
        parts={parts}
        roles={[
          'hoist.depth',
          'hoist.speed',
          'hoist.envelope',
          'hoist.brake',
          'hoist.cycles',
          'hoist.load',
          'hoist.curtain',
        ]}
      />
      <EventBook parts={parts} />
    </Card>
  );
}
