// SPDX-License-Identifier: Apache-2.0
/** Runs of sequences: steps as they go, why one is held, and what a person may do about it. */
import { request } from '../api/client';
import { personName } from '../api/people';
import { can, me } from '../api/session';
import { site } from '../api/site';
import { canAct, replaying } from '../api/world';
import { hms } from '../app/format';
import { pick } from '../app/i18n';
import { toastError } from '../ui/Toast';
import { book, isAlive, type Run, refresh, type StepState } from './book';
import './sequences.css';
import { t } from './texts';

const OVER_SHOWN = 6;
const SIGN: Record<StepState, string> = { todo: '·', now: '▶', done: '✓', skip: '–', late: '!' };
const CODES = [
  'person',
  'refused',
  'late',
  'taken-back',
  'restart',
  'reload',
  'overtaken',
  'back',
  'expired',
] as const;

/** Codes whose text says more: which step, which output, which interlock. */
const TELLING = new Set(['refused', 'late', 'taken-back', 'overtaken', 'back']);

const codeText = (r: Run): string => {
  const code = CODES.find((c) => c === r.code);
  return code ? t(`code.${code}`) : (r.code ?? '');
};

/** What the program told, in the reader's language, outputs by their names. */
function told(r: Run): string {
  const by = /^(\S+) was opened by (\S+)$/.exec(r.text ?? '');
  if (by) return t('opened.by', { point: site.value.pointName(by[1]!), by: personName(by[2]!) });
  const text = pick({ zh: r.text_zh || r.text || '', en: r.text ?? '' });
  return text.replace(/[A-Za-z0-9][\w.-]*/g, (id) =>
    site.value.pointById.has(id) ? site.value.pointName(id) : id,
  );
}

const ask = (verb: string, run: number) => () => {
  request(verb, { run }).then(() => refresh(), toastError);
};

function Steps({ r }: { r: Run }) {
  const q = book.value?.sequences.find((x) => x.id === r.sequence);
  return (
    <ol class="run-steps">
      {r.steps.map((s) => (
        <li
          key={`${s.step} ${s.subject ?? ''}`}
          class={s.state}
          aria-current={s.state === 'now' ? 'step' : undefined}
        >
          <span aria-hidden="true">{SIGN[s.state]}</span>{' '}
          {pick(q?.steps.find((x) => x.id === s.step)?.title) || s.step}
          {s.subject && <span class="hint"> {site.value.pointName(s.subject)}</span>}
          <span class="sr">{t(`step.${s.state}`)}</span>
        </li>
      ))}
    </ol>
  );
}

function Buttons({ r }: { r: Run }) {
  const ok = canAct.value && !replaying.value;
  const own = r.by === me.value?.user;
  return (
    <div class="row wrap">
      {r.state === 'waiting' && (
        <button
          type="button"
          class="btn primary"
          disabled={!ok || own || !can('output.confirm')}
          onClick={ask('sequence.confirm', r.run)}
        >
          {t('confirm')}
        </button>
      )}
      {r.state === 'held' && (
        <button
          type="button"
          class="btn primary"
          disabled={!ok || !can('output.close')}
          onClick={ask('sequence.resume', r.run)}
        >
          {t('resume')}
        </button>
      )}
      {r.state === 'running' && r.start && (
        <button
          type="button"
          class="btn"
          disabled={!ok || !can('output.open')}
          onClick={ask('sequence.hold', r.run)}
        >
          {t('hold')}
        </button>
      )}
      {r.start && (
        <button
          type="button"
          class="btn"
          disabled={!ok || !can('output.open')}
          onClick={ask('sequence.end', r.run)}
        >
          {t('end')}
        </button>
      )}
    </div>
  );
}

function RunBlock({ r }: { r: Run }) {
  const q = book.value?.sequences.find((x) => x.id === r.sequence);
  return (
    <li class={`run ${r.state}`}>
      <div class="row wrap">
        <b>{pick(q?.title) || r.sequence}</b>
        <span class={`run-state ${r.state}`}>{t(`run.${r.state}`)}</span>
        <span class="hint">
          {hms(r.started)} {personName(r.by)}
          {r.second ? ` + ${personName(r.second)}` : ''}
        </span>
      </div>
      {r.code && r.code !== 'done' && (
        <p
          class={r.state === 'held' ? 'error' : 'hint'}
          role={r.state === 'held' ? 'alert' : undefined}
        >
          {codeText(r)}
          {r.text && TELLING.has(r.code) ? `（${told(r)}）` : ''}
        </p>
      )}
      {isAlive(r) && <Steps r={r} />}
      {isAlive(r) && <Buttons r={r} />}
    </li>
  );
}

/** @param only runs over these outputs; left out: all */
export function Runs({ only }: { only?: ReadonlySet<string> }) {
  const runs = (book.value?.runs ?? []).filter((r) => !only || r.subjects.some((s) => only.has(s)));
  if (replaying.value) return <p class="hint">{t('runs.past')}</p>;
  const alive = runs.filter(isAlive);
  const over = runs.filter((r) => !isAlive(r)).slice(0, OVER_SHOWN);
  return (
    <section class="seq-runs stack" aria-label={t('runs')}>
      <h2>{t('runs')}</h2>
      {alive.length === 0 && <p class="hint">{t('runs.none')}</p>}
      <ul class="plain">
        {alive.map((r) => (
          <RunBlock key={r.run} r={r} />
        ))}
      </ul>
      {over.length > 0 && <h3>{t('runs.over')}</h3>}
      <ul class="plain">
        {over.map((r) => (
          <RunBlock key={r.run} r={r} />
        ))}
      </ul>
    </section>
  );
}
