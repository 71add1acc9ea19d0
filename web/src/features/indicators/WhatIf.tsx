// SPDX-License-Identifier: Apache-2.0
/** Which records would bring an indicator to a target: how many are needed, and the likeliest first. */
import { useState } from 'preact/hooks';
import { siteOffset } from '../../app/format';
import { href } from '../../app/router';
import { Waiting } from '../../records/Parts';
import { useHeard, useRead } from '../../records/use';
import { TextField } from '../../ui/Field';
import { type WhatIf as Answer, figure, type Indicator, unit } from './model';
import { t } from './texts';

const SHOWN = 30;

function Said({ i, w }: { i: Indicator; w: Answer }) {
  const many = { ...i, decimals: 0 };
  if (w.needed === null) return <p>{t('if.unknown')}</p>;
  const of = { n: figure(many, w.numerator), of: figure(many, w.denominator) };
  return (
    <>
      <p>
        {w.denominator === null ? t('if.now.count', of) : t('if.now', of)}{' '}
        <b>{w.needed === 0 ? t('if.there') : t('if.needed', { n: w.needed })}</b>{' '}
        {w.needed > 0 &&
          t(w.reachable ? 'if.would' : 'if.never', {
            value: `${figure(i, w.would_be)} ${unit(i)}`,
            n: w.candidates.length,
          })}
      </p>
      <ol class="in-if">
        {w.candidates.slice(0, SHOWN).map((c, k) => (
          <li key={c.record.id} class={k < (w.needed ?? 0) ? 'in-if-needed' : ''}>
            <a href={href(['registers', w.register, String(c.record.id)])}>{c.record.label}</a>{' '}
            <span class="hint">{c.why}</span>
          </li>
        ))}
      </ol>
      {w.candidates.length > SHOWN && (
        <p class="hint">{t('if.more', { n: w.candidates.length - SHOWN })}</p>
      )}
    </>
  );
}

export function WhatIf({ i, to }: { i: Indicator; to: number }) {
  const [year, setYear] = useState(String(new Date(to - 1 + siteOffset.value).getUTCFullYear()));
  const [target, setTarget] = useState('');
  const y = /^\d{4}$/.test(year) ? Number(year) : 0;
  const goal = target.trim() === '' ? undefined : Number(target);
  const good = y > 0 && (goal === undefined || Number.isFinite(goal));
  const read = useRead<Answer>(good ? `/indicators/${i.id}/what-if` : null, {
    from: Date.UTC(y, 0, 1) - siteOffset.value,
    to: Date.UTC(y + 1, 0, 1) - siteOffset.value,
    target: goal,
  });
  useHeard(['record'], () => read.again());
  return (
    <section class="stack" aria-label={t('if.title')}>
      <h3>{t('if.title')}</h3>
      <div class="row">
        <TextField label={t('if.year')} value={year} onInput={setYear} />
        <TextField
          label={t('if.target', { unit: unit(i) })}
          hint={t('if.target.hint')}
          value={target}
          onInput={setTarget}
        />
      </div>
      {good && <Waiting read={read}>{read.data && <Said i={i} w={read.data} />}</Waiting>}
    </section>
  );
}
