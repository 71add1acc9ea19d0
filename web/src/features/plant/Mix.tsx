// SPDX-License-Identifier: Apache-2.0
/** A station that mixes emulsion: its loop as it answered the last change of its set-point. */
import { decimalsOf, num, stamp } from '../../app/format';
import { Card, Figures, State } from './Card';
import { Loop, type LoopPoints } from './Loop';
import type { Parts } from './parts';
import { t } from './texts';
import { tuningOf } from './tuning';
import { useHistory, valuesOf } from './useHistory';

const SPAN = 4 * 3_600_000;

/** The loops that a station may have: set-point, what is measured, what is moved for it. */
const LOOPS = [
  ['mix.set', 'mix.concentration', 'mix.valve'],
  ['filter.set', 'filter.clean', 'filter.flush'],
] as const;

function loopsOf(parts: Parts): LoopPoints[] {
  return LOOPS.flatMap(([s, v, o]) => {
    const [set, value, out] = [parts.of(s), parts.of(v), parts.of(o)];
    return set && value ? [{ set, value, out }] : [];
  });
}

export function Mix({ parts }: { parts: Parts }) {
  const ids = ['mix.set', 'mix.concentration'].flatMap((r) => parts.of(r)?.id ?? []);
  const [set, value] = useHistory(ids, SPAN, 1440);
  const tuning = set && value ? tuningOf(valuesOf(set), valuesOf(value)) : null;
  const shown = (v: number) => num(v, decimalsOf(parts.of('mix.set')?.resolution));
  return (
    <Card parts={parts} wide>
      <p class="row wrap">
        <State on={parts.on('filter.flush')} yes={t('mix.flushing')} no={t('mix.filtering')} />
        {tuning ? (
          <span>
            {t('mix.step', { at: stamp(tuning.at), a: shown(tuning.from), b: shown(tuning.to) })}{' '}
            {t('mix.rise')}{' '}
            <b>{tuning.riseS === null ? t('mix.not-yet') : `${tuning.riseS.toFixed(0)} s`}</b>{' '}
            {t('mix.overshoot')} <b>{(100 * tuning.overshoot).toFixed(0)} %</b> {t('mix.settling')}{' '}
            <b>{tuning.settledS === null ? t('mix.not-yet') : `${tuning.settledS.toFixed(0)} s`}</b>
          </span>
        ) : (
          ids.length === 2 && <span class="hint">{t('mix.no-step')}</span>
        )}
      </p>
      {loopsOf(parts).map((l) => (
        <Loop key={l.set.id} points={l} />
      ))}
      <Figures parts={parts} />
    </Card>
  );
}
