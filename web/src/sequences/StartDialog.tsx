// SPDX-License-Identifier: Apache-2.0
/** Before a sequence: which belts, with which recipe, and how the interlocks stand now. */
import { useEffect, useState } from 'preact/hooks';
import { api, request } from '../api/client';
import type { Condition, Output } from '../api/model';
import { site } from '../api/site';
import { canAct, world } from '../api/world';
import { pick } from '../app/i18n';
import { Dialog } from '../ui/Dialog';
import { CheckField, TextField } from '../ui/Field';
import { errorText, toastError } from '../ui/Toast';
import { BROUGHT, bit, book, type Param, refresh, type Sequence, taken } from './book';
import { t } from './texts';

type Recipe = Record<string, number | boolean>;

const conditionText = (c: Condition): string =>
  pick(site.value.rules.get(c.rule ?? '')?.cause) ||
  pick(site.value.rules.get(c.rule ?? '')?.title) ||
  pick(c.text);

/** What stands against the start of one belt now, but for what the sequence brings about. */
function against(o: Output | undefined): Condition[] {
  return (o?.interlock?.conditions ?? []).filter(
    (c) => c.ok !== true && !BROUGHT.has(c.rule ?? ''),
  );
}

function useOutputs(ids: readonly string[]): ReadonlyMap<string, Output> | null {
  const [got, setGot] = useState<ReadonlyMap<string, Output> | null>(null);
  const key = ids.join(' ');
  useEffect(() => {
    let gone = false;
    const ask = () =>
      api.all<Output>('/outputs').then(
        (all) => !gone && setGot(new Map(all.map((o) => [o.output, o]))),
        () => undefined,
      );
    void ask();
    const timer = setInterval(() => void ask(), 2000); // the check is repeated while it is shown
    return () => {
      gone = true;
      clearInterval(timer);
    };
  }, [key]);
  return got;
}

function Row({ id, o, start }: { id: string; o: Output | undefined; start: boolean }) {
  const asset = book.value?.assets.find((a) => a.points.includes(id));
  const belt = asset?.kind === 'belt'; // a start passes over a belt that runs
  const run = asset?.points
    .map((p) => site.value.pointById.get(p))
    .find((p) => p?.role === 'belt.run');
  const runs = belt ? bit(run, (p) => world.value.points.at(p.i).value) : null;
  const bad = start && !runs ? against(o) : [];
  return (
    <li class={bad.length ? 'bad' : 'ok'}>
      <b aria-hidden="true">{bad.length ? '✗' : '✓'}</b>{' '}
      {asset && belt ? pick(asset.name) : site.value.pointName(id)}
      <span class="hint">
        {' '}
        {start && runs ? t('already') : bad.length ? '' : t(start ? 'ready' : 'will.stop')}
      </span>
      {bad.map((c, i) => (
        <div key={i} class="error">
          {conditionText(c)}
        </div>
      ))}
    </li>
  );
}

function Recipe({
  list,
  recipe,
  set,
}: {
  list: readonly Param[];
  recipe: Recipe;
  set: (r: Recipe) => void;
}) {
  return (
    <>
      {list.map((p) =>
        p.switch ? (
          <CheckField
            key={p.id}
            label={pick(p.title)}
            checked={recipe[p.id] === true}
            onChange={(x) => set({ ...recipe, [p.id]: x })}
          />
        ) : (
          <TextField
            key={p.id}
            type="number"
            label={`${pick(p.title)}（s）`}
            min={String(p.min_s ?? 0)}
            max={String(p.max_s ?? 0)}
            hint={t('range', { lo: p.min_s ?? 0, hi: p.max_s ?? 0 })}
            value={String(recipe[p.id])}
            onInput={(x) => set({ ...recipe, [p.id]: Number(x) })}
          />
        ),
      )}
    </>
  );
}

/** Is there anything to ask before it? A stop without a recipe goes at the first click: stopping asks
 *  for no confirmation. */
export const asksFirst = (q: Sequence): boolean => q.start || q.recipe.length > 0;

/** Begin it, or ask first. */
export function begin(q: Sequence, chosen: readonly string[], ask: () => void): void {
  if (asksFirst(q)) ask();
  else
    request('sequence.start', { sequence: q.id, subjects: chosen, recipe: {} }).then(
      () => refresh(),
      toastError,
    );
}

export function StartDialog({
  q,
  chosen,
  onClose,
}: {
  q: Sequence;
  chosen: readonly string[];
  onClose: () => void;
}) {
  const [recipe, setRecipe] = useState<Recipe>(() =>
    Object.fromEntries(q.recipe.map((p) => [p.id, p.default])),
  );
  const [error, setError] = useState('');
  const [busy, setBusy] = useState(false);
  const ids = taken(q, book.value?.assets ?? [], chosen);
  const outputs = useOutputs(ids);
  const go = () => {
    setBusy(true);
    setError('');
    request('sequence.start', { sequence: q.id, subjects: chosen, recipe }).then(
      () => refresh().then(onClose),
      (e: unknown) => {
        setBusy(false);
        setError(errorText(e));
      },
    );
  };
  return (
    <Dialog
      class="sequence"
      title={pick(q.title)}
      onClose={onClose}
      footer={
        <>
          <button type="button" class="btn" onClick={onClose}>
            {t('cancel')}
          </button>
          <button
            type="button"
            class="btn primary"
            disabled={busy || !canAct.value || (q.start && !outputs) || ids.length === 0}
            onClick={go}
          >
            {t('go', { what: pick(q.title), n: ids.length })}
          </button>
        </>
      }
    >
      <section class="stack">
        <h3>{t('which')}</h3>
        {!outputs && <p class="hint">{t('checking')}</p>}
        <ul class="conditions">
          {ids.map((id) => (
            <Row key={id} id={id} o={outputs?.get(id)} start={q.start} />
          ))}
        </ul>
        {q.start && <p class="hint">{t('brought')}</p>}
      </section>
      {q.recipe.length > 0 && (
        <section class="stack">
          <h3>{t('recipe')}</h3>
          <Recipe list={q.recipe} recipe={recipe} set={setRecipe} />
        </section>
      )}
      {error && (
        <p class="error" role="alert">
          {error}
        </p>
      )}
    </Dialog>
  );
}
