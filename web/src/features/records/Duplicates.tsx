// SPDX-License-Identifier: Apache-2.0
/** Records that seem to be the same, side by side; one is kept, field by field. */
import { useState } from 'preact/hooks';
import { request } from '../../api/client';
import { fieldOf, type Item, type Register } from '../../api/room';
import { canAct } from '../../api/world';
import { pick } from '../../app/i18n';
import { href } from '../../app/router';
import { Waiting } from '../../records/Parts';
import { useRead } from '../../records/use';
import { isTyped, same } from '../../registers/draft';
import { withUnit } from '../../registers/value';
import { Dialog } from '../../ui/Dialog';
import { errorText, toast } from '../../ui/Toast';
import { t } from './texts';

type Pair = [Item, Item, string | string[]];

interface MergeProps {
  r: Register;
  a: Item;
  b: Item;
  onClose: () => void;
  onDone: () => void;
}

export function MergeDialog({ r, a, b, onClose, onDone }: MergeProps) {
  const [swap, setSwap] = useState(false);
  const [taken, setTaken] = useState<Record<string, boolean>>({});
  const [error, setError] = useState('');
  const [keep, drop] = swap ? [b, a] : [a, b];
  const differ = r.fields.filter(
    (f) => !f.ended && isTyped(f) && !same(keep.fields[f.id], drop.fields[f.id]),
  );
  function send() {
    const fields = Object.fromEntries(
      differ.filter((f) => taken[f.id]).map((f) => [f.id, 'drop' as const]),
    );
    request('record.merge', { keep: keep.id, drop: drop.id, version: keep.version, fields }).then(
      () => {
        toast(t('merge.done', { a: drop.key, b: keep.key }));
        onDone();
        onClose();
      },
      (e: unknown) => setError(errorText(e)),
    );
  }
  const option = (id: string, fromDrop: boolean, text: string) => (
    <td>
      <label class="check">
        <input
          type="radio"
          name={`merge-${id}`}
          checked={(taken[id] ?? false) === fromDrop}
          onChange={() => setTaken((o) => ({ ...o, [id]: fromDrop }))}
        />
        <span>{text}</span>
      </label>
    </td>
  );
  return (
    <Dialog
      class="rr-merge"
      title={t('merge')}
      onClose={onClose}
      footer={
        <>
          <button type="button" class="btn" onClick={onClose}>
            {t('cancel')}
          </button>
          <button type="button" class="btn primary" disabled={!canAct.value} onClick={send}>
            {t('merge.run', { a: drop.key, b: keep.key })}
          </button>
        </>
      }
    >
      <p class="hint">{t('merge.why')}</p>
      <button
        type="button"
        class="btn rr-start"
        onClick={() => {
          setSwap(!swap);
          setTaken({});
        }}
      >
        {t('merge.swap')}
      </button>
      <div class="rg-scroll">
        <table class="wide-table lined">
          <thead>
            <tr>
              <th scope="col">{t('col.field')}</th>
              <th scope="col">{t('merge.keep', { key: keep.key })}</th>
              <th scope="col">{t('merge.drop', { key: drop.key })}</th>
            </tr>
          </thead>
          <tbody>
            {differ.map((f) => (
              <tr key={f.id}>
                <th scope="row">{pick(f.title)}</th>
                {option(f.id, false, withUnit(f, keep.fields[f.id]))}
                {option(f.id, true, withUnit(f, drop.fields[f.id]))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {differ.length === 0 && <p>{t('merge.equal')}</p>}
      {error && (
        <p class="error" role="alert">
          {error}
        </p>
      )}
    </Dialog>
  );
}

const byText = (r: Register, by: string | string[] | undefined) =>
  (Array.isArray(by) ? by : by ? [by] : [])
    .map((id) => pick(fieldOf(r, id)?.title) || id)
    .join('、');

export function Duplicates({ r }: { r: Register }) {
  const read = useRead<Pair[] | { items: Pair[] }>(`/records/${r.id}/duplicates`);
  const [pair, setPair] = useState<Pair | null>(null);
  const list = read.data ? (Array.isArray(read.data) ? read.data : read.data.items) : [];
  return (
    <div class="desk">
      <div class="desk-head">
        <a class="btn plain" href={href(['registers', r.id])}>
          ◂ {pick(r.title)}
        </a>
        <h1 class="desk-title">{t('duplicates')}</h1>
        <span class="hint">{t('duplicates.n', { n: list.length })}</span>
      </div>
      <div class="desk-bar" />
      <div class="desk-body">
        <Waiting read={read}>
          <ul class="rr-hits">
            {list.map((p) => (
              <li key={`${p[0].id}-${p[1].id}`} class="panel row">
                <span class="grow">
                  <a href={href(['registers', r.id, String(p[0].id)])}>{p[0].label}</a>
                  {' ≈ '}
                  <a href={href(['registers', r.id, String(p[1].id)])}>{p[1].label}</a>{' '}
                  <span class="hint">{t('duplicates.by', { by: byText(r, p[2]) })}</span>
                </span>
                <button type="button" class="btn" onClick={() => setPair(p)}>
                  {t('merge.see')}
                </button>
              </li>
            ))}
          </ul>
          {list.length === 0 && <p class="hint">{t('duplicates.none')}</p>}
        </Waiting>
      </div>
      {pair && (
        <MergeDialog
          r={r}
          a={pair[0]}
          b={pair[1]}
          onClose={() => setPair(null)}
          onDone={read.again}
        />
      )}
    </div>
  );
}
