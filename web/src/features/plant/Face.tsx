// SPDX-License-Identifier: Apache-2.0
/** A coaling face: pressures of its supports now and over eight hours, and where the shearer is. */
import { world } from '../../api/world';
import { Card, Figures, State } from './Card';
import { numberOf, type Parts } from './parts';
import { t } from './texts';
import { useHistory, valuesOf } from './useHistory';

const HOURS = 8;
const ROWS = 32;
/** Beyond that part of the face the shearer's words stand before it: they would be cut off. */
const FAR = 0.8;
const CELL = { w: 16, h: 5 };
const LOW = 15;
const HIGH = 42;

/** Grey by pressure; what bears too much is marked besides. */
function Cell({ x, y, h, v }: { x: number; y: number; h: number; v: number | null }) {
  if (v === null) return <rect class="face-none" x={x} y={y} width={CELL.w} height={h} />;
  const part = Math.min(Math.max((v - LOW) / (HIGH - LOW), 0), 1);
  return (
    <rect
      class={v >= HIGH ? 'face-high' : 'face-cell'}
      x={x}
      y={y}
      width={CELL.w}
      height={h}
      opacity={0.08 + 0.85 * part}
    />
  );
}

export function Face({ parts }: { parts: Parts }) {
  const supports = parts.every('face.support');
  const past = useHistory(
    supports.map((p) => p.id),
    HOURS * 3_600_000,
    ROWS,
  );
  const position = parts.number('face.position');
  const [moves, auto] = [parts.number('face.moves'), parts.number('face.moves-auto')];
  const [by, hand] = [parts.number('face.starts-auto'), parts.number('face.starts-hand')];
  const width = supports.length * CELL.w;
  const top = 40;
  void world.value.points.tick.value;
  return (
    <Card parts={parts} wide>
      <svg
        class="plant-drawing tall"
        viewBox={`-40 0 ${width + 60} ${top + 40 + ROWS * CELL.h + 20}`}
        role="img"
        aria-label={t('face.drawing')}
      >
        {position !== null && (
          <g class="face-shearer">
            <rect x={(position - 1.5) * CELL.w} y={4} width={3 * CELL.w} height={16} />
            <text
              x={(position + (position > FAR * supports.length ? -2 : 2)) * CELL.w}
              y={17}
              text-anchor={position > FAR * supports.length ? 'end' : 'start'}
            >
              {t('face.shearer', { n: position.toFixed(1) })}
            </text>
          </g>
        )}
        {supports.map((p, i) => (
          <Cell key={p.id} x={i * CELL.w} y={24} h={24} v={numberOf(p)} />
        ))}
        <text x={-38} y={40}>
          {t('face.now')}
        </text>
        <rect class="face-none" y={top + 16} width={width} height={ROWS * CELL.h} />
        {past.map((s, i) => {
          const { v } = valuesOf(s);
          const rows = v.slice(-ROWS);
          return rows.map((x, k) =>
            x === null || x === undefined ? null : (
              <Cell
                key={`${s.id} ${k}`}
                x={i * CELL.w}
                y={top + 16 + (rows.length - 1 - k) * CELL.h}
                h={CELL.h}
                v={x}
              />
            ),
          );
        })}
        <text x={-38} y={top + 14 + ROWS * CELL.h}>
          −{HOURS} h
        </text>
        {supports.map((p, i) =>
          i % 5 === 4 ? (
            <text key={p.id} x={i * CELL.w} y={top + 32 + ROWS * CELL.h}>
              {i + 1}
            </text>
          ) : null,
        )}
      </svg>
      <p class="row wrap">
        <State on={parts.on('face.auto')} yes={t('face.auto')} no={t('face.hand')} />
        <span>
          {t('face.rate')}{' '}
          <b>{moves && auto !== null ? ((100 * auto) / moves).toFixed(1) : '–'} %</b>
        </span>
        <span>
          {t('face.starts')} <b>{by ?? '–'}</b> / {t('face.starts.hand')} <b>{hand ?? '–'}</b>
        </span>
        <span class="hint">{t('face.scale', { lo: LOW, hi: HIGH })}</span>
      </p>
      <Figures
        parts={parts}
        roles={['face.position', 'face.speed', 'face.moves', 'face.moves-auto']}
      />
    </Card>
  );
}
