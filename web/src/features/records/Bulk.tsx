// SPDX-License-Identifier: Apache-2.0
/** The same change or move for many records; each is judged for itself and the refused ones are named. */
import { useEffect, useState } from 'preact/hooks';
import { api, request } from '../../api/client';
import { type Field, type Fields, fieldOf, type Item, type Register } from '../../api/room';
import { canAct } from '../../api/world';
import { lang, pick, type Text } from '../../app/i18n';
import { saveCsv } from '../../records/csv';
import { type Draft, isTyped, readDraft, readOne, toDraft } from '../../registers/draft';
import { FieldInput } from '../../registers/FieldInput';
import { About, PersonPicker } from '../../registers/Picker';
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

interface Move {
  id: string;
  title: Text;
  /** How many of the chosen ones may take it as they are. */
  may: number;
  refused: { records: number; why: Text }[];
  needs: string[];
  note: string;
  owner: string;
}

interface Refused {
  record: number;
  text: string;
  text_zh?: string;
}

interface Result {
  done: number;
  refused: Refused[];
}

const MOVE = 'move:';
const saidOf = (x: Refused) => (lang.value === 'zh' && x.text_zh) || x.text;

/** What may be done with all of them, or with some. */
function useMoves(r: Register, items: readonly Item[]): Move[] {
  const [moves, setMoves] = useState<Move[]>([]);
  useEffect(() => {
    if (!r.workflow) return;
    api
      .post<{ transitions: Move[] }>(`/records/${r.id}/transitions`, {
        records: items.map((x) => x.id),
      })
      .then(
        (d) => setMoves(d.transitions.sort((a, b) => b.may - a.may)),
        () => setMoves([]),
      );
  }, []);
  return moves;
}

function optionsOf(r: Register, moves: readonly Move[], n: number) {
  const fields = r.may.write
    ? r.fields.filter((f) => !f.ended && isTyped(f) && f.type !== 'geometry' && f.id !== r.key)
    : [];
  return [
    ...moves.map((m) => ({
      id: `${MOVE}${m.id}`,
      title: t(m.may === n ? 'bulk.move.all' : 'bulk.move.some', {
        title: pick(m.title),
        n: m.may,
        m: n,
      }),
    })),
    ...fields.map((f) => ({ id: f.id, title: t('bulk.set', { title: pick(f.title) }) })),
  ];
}

/** Who is left out of a move, and why. */
function LeftOut({ move }: { move: Move }) {
  if (move.refused.length === 0) return null;
  return (
    <ul class="rr-refused">
      {move.refused.map((x) => (
        <li key={pick(x.why)}>{t('bulk.out', { n: x.records, why: pick(x.why) })}</li>
      ))}
    </ul>
  );
}

function Outcome({ result, items, r }: { result: Result; items: readonly Item[]; r: Register }) {
  const labelOf = (id: number) => items.find((x) => x.id === id)?.label ?? `#${id}`;
  const save = () =>
    saveCsv(
      `${r.id}-refused`,
      [t('import.key'), t('bulk.why')],
      result.refused.map((x) => [labelOf(x.record), saidOf(x)]),
    );
  return (
    <div class="stack" role="status">
      <p>{t('bulk.done', { n: result.done, m: result.refused.length })}</p>
      {result.refused.length > 0 && (
        <>
          <ul class="rr-refused">
            {result.refused.map((x) => (
              <li key={x.record}>
                <b>{labelOf(x.record)}</b> {saidOf(x)}
              </li>
            ))}
          </ul>
          <button type="button" class="btn rr-start" onClick={save}>
            {t('bulk.save')}
          </button>
        </>
      )}
    </div>
  );
}

interface Typed {
  draft: Draft;
  note: string;
  to: string;
}

const EMPTY: Typed = { draft: {}, note: '', to: '' };

/** The request's part that says what is to be done, or what is still wrong. */
function asked(field: Field | undefined, move: Move | undefined, needs: Field[], x: Typed) {
  const note = x.note.trim() ? { note: x.note.trim() } : {};
  if (field) {
    const [value, wrong] = readOne(field, x.draft[field.id]);
    return { errors: wrong ? [wrong] : [], args: { fields: { [field.id]: value }, ...note } };
  }
  if (!move) return { errors: [t('bulk.nothing')], args: {} };
  // what a move needs and is left empty stays as each record has it
  const typed = needs.filter((f) => x.draft[f.id] !== '' && x.draft[f.id] !== undefined);
  const read = readDraft(typed, x.draft);
  const errors = Object.values(read.errors);
  if (move.note === 'required' && !x.note.trim()) errors.push(t('bulk.e.note'));
  if (move.owner === 'given' && !x.to) errors.push(t('bulk.e.to'));
  const fields: Fields = Object.fromEntries(
    Object.entries(read.values).filter(([, v]) => v !== null),
  );
  return {
    errors,
    args: {
      transition: move.id,
      ...(Object.keys(fields).length ? { fields } : {}),
      ...(x.to ? { to: x.to } : {}),
      ...note,
    },
  };
}

export function BulkDialog({ r, items: chosen, onClose, onDone }: Props) {
  const [items] = useState(chosen); // the list forgets its ticks when it is done
  const moves = useMoves(r, items);
  const options = optionsOf(r, moves, items.length);
  const [what, setWhat] = useState('');
  const field = r.fields.find((f) => f.id === what);
  const move = moves.find((m) => `${MOVE}${m.id}` === what);
  const needs = (move?.needs ?? []).map((id) => fieldOf(r, id)).filter((f) => f !== undefined);
  const [typed, setTyped] = useState<Typed>(EMPTY);
  const [errors, setErrors] = useState<string[]>([]);
  const [result, setResult] = useState<Result | null>(null);
  const [busy, setBusy] = useState(false);
  const put = (x: Partial<Typed>) => setTyped({ ...typed, ...x });
  const n = move ? move.may : items.length;

  function choose(id: string) {
    const f = r.fields.find((x) => x.id === id);
    const m = moves.find((x) => `${MOVE}${x.id}` === id);
    const boxes = f ? [f] : (m?.needs ?? []).map((x) => fieldOf(r, x)).filter((x) => !!x);
    setWhat(id);
    setErrors([]);
    setTyped({ ...EMPTY, draft: toDraft(boxes, {}) });
  }
  async function send() {
    const { errors: wrong, args } = asked(field, move, needs, typed);
    setErrors(wrong);
    if (wrong.length) return;
    setBusy(true);
    try {
      const v = await request('record.bulk', {
        register: r.id,
        records: items.map((x) => ({ record: x.id, version: x.version })),
        ...args,
      });
      setResult({ done: 0, refused: [], ...(v.result as Partial<Result> | null) });
      onDone();
    } catch (e) {
      setErrors([errorText(e)]);
    }
    setBusy(false);
  }
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
            <button
              type="button"
              class="btn primary"
              disabled={busy || !n || (!field && !move) || !canAct.value}
              onClick={() => void send()}
            >
              {t('bulk.run', { n })}
            </button>
          </>
        )
      }
    >
      {result ? (
        <Outcome result={result} items={items} r={r} />
      ) : (
        <div class="stack rg-move">
          <SelectField
            label={t('bulk.what')}
            value={what}
            options={[{ id: '', title: t('bulk.choose') }, ...options]}
            onChange={choose}
          />
          {move && <LeftOut move={move} />}
          <About.Provider value={{ register: r.id }}>
            {field && (
              <FieldInput
                f={field}
                value={typed.draft[field.id]}
                set={(v) => put({ draft: { [field.id]: v } })}
              />
            )}
            {needs.map((f) => (
              <FieldInput
                key={f.id}
                f={{ ...f, required: false, help: { zh: t('bulk.keep'), en: t('bulk.keep') } }}
                value={typed.draft[f.id]}
                set={(v) => put({ draft: { ...typed.draft, [f.id]: v } })}
              />
            ))}
            {move?.owner === 'given' && (
              <div class="field rg-field">
                <span>{t('bulk.to')} ＊</span>
                <PersonPicker
                  owners
                  value={typed.to}
                  label={t('bulk.to')}
                  onPick={(to) => put({ to })}
                />
              </div>
            )}
          </About.Provider>
          {(field || move) && (
            <AreaField
              label={t(move?.note === 'required' ? 'bulk.note.must' : 'note')}
              value={typed.note}
              onInput={(note) => put({ note })}
            />
          )}
          {errors.length > 0 && (
            <div class="error" role="alert">
              {errors.map((e) => (
                <p key={e}>{e}</p>
              ))}
            </div>
          )}
        </div>
      )}
    </Dialog>
  );
}
