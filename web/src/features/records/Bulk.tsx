// SPDX-License-Identifier: Apache-2.0
/** The same change to many records; each is judged for itself and the refused ones are named. */
import { useState } from 'preact/hooks';
import { request } from '../../api/client';
import { type Field, type Item, type Record_, type Register, recordPath } from '../../api/room';
import { pick } from '../../app/i18n';
import { useRead } from '../../records/use';
import { isTyped, readOne, toDraft } from '../../registers/draft';
import { FieldInput } from '../../registers/FieldInput';
import { Dialog } from '../../ui/Dialog';
import { AreaField, SelectField } from '../../ui/Field';
import { errorText } from '../../ui/Toast';
import { t } from './texts';

interface Props {
  r: Register;
  items: readonly Item[];
  onClose: () => void;
  onDone: () => void;
}

interface Result {
  done: number;
  refused: { record: number; text: string }[];
}

const MOVE = 'move:';

function optionsOf(r: Register, first: Record_ | null) {
  const moves = (first?.transitions ?? []).map((x) => ({
    id: `${MOVE}${x.id}`,
    title: t('bulk.move', { title: pick(x.title) }),
  }));
  const fields = r.fields
    .filter((f) => !f.ended && isTyped(f) && f.type !== 'geometry')
    .map((f) => ({ id: f.id, title: t('bulk.set', { title: pick(f.title) }) }));
  return [...moves, ...fields];
}

export function BulkDialog({ r, items, onClose, onDone }: Props) {
  // the moves of the first one; each of the others is judged for itself
  const first = useRead<Record_>(r.workflow && items[0] ? recordPath(r.id, items[0].id) : null);
  const options = optionsOf(r, first.data);
  const [chosen, setWhat] = useState('');
  const what = chosen || (options[0]?.id ?? '');
  const field: Field | undefined = r.fields.find((f) => f.id === what);
  const [typed, setTyped] = useState<unknown>('');
  const [note, setNote] = useState('');
  const [error, setError] = useState('');
  const [result, setResult] = useState<Result | null>(null);
  const [busy, setBusy] = useState(false);

  async function send() {
    const [value, wrong] = field ? readOne(field, typed) : [null, ''];
    setError(wrong);
    if (wrong) return;
    setBusy(true);
    try {
      const v = await request('record.bulk', {
        register: r.id,
        records: items.map((x) => ({ record: x.id, version: x.version })),
        ...(field ? { fields: { [field.id]: value } } : { transition: what.slice(MOVE.length) }),
        ...(note.trim() ? { note: note.trim() } : {}),
      });
      setResult({ done: 0, refused: [], ...(v.result as Partial<Result> | null) });
      onDone();
    } catch (e) {
      setError(errorText(e));
    }
    setBusy(false);
  }
  const keyOf = (id: number) => items.find((x) => x.id === id)?.label ?? `#${id}`;
  return (
    <Dialog
      title={t('bulk.title', { n: items.length })}
      onClose={onClose}
      footer={
        result ? (
          <button type="button" class="btn primary" onClick={onClose}>
            {t('close')}
          </button>
        ) : (
          <>
            <button type="button" class="btn" onClick={onClose}>
              {t('cancel')}
            </button>
            <button type="button" class="btn primary" disabled={busy} onClick={() => void send()}>
              {t('bulk.run', { n: items.length })}
            </button>
          </>
        )
      }
    >
      {result ? (
        <div class="stack" role="status">
          <p>{t('bulk.done', { n: result.done, m: result.refused.length })}</p>
          {result.refused.length > 0 && (
            <ul class="rr-refused">
              {result.refused.map((x) => (
                <li key={x.record}>
                  <b>{keyOf(x.record)}</b> {x.text}
                </li>
              ))}
            </ul>
          )}
        </div>
      ) : (
        <div class="stack rg-move">
          <SelectField
            label={t('bulk.what')}
            value={what}
            options={options}
            onChange={(id) => {
              setWhat(id);
              const f = r.fields.find((x) => x.id === id);
              setTyped(f ? toDraft([f], {})[f.id] : '');
            }}
          />
          {field && <FieldInput f={field} value={typed} set={setTyped} />}
          <AreaField label={t('note')} value={note} onInput={setNote} />
          {error && (
            <p class="error" role="alert">
              {error}
            </p>
          )}
        </div>
      )}
    </Dialog>
  );
}
