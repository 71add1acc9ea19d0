// SPDX-License-Identifier: Apache-2.0
/** One move of a case: what it still needs (fields, evidence, a note, a person), then the request. */
import './registers.css';
import { useState } from 'preact/hooks';
import { request } from '../api/client';
import {
  type Field,
  fieldOf,
  type Item,
  personName,
  type Register,
  stateOf,
  type Transition,
} from '../api/room';
import { canAct } from '../api/world';
import { pick } from '../app/i18n';
import { Dialog } from '../ui/Dialog';
import { AreaField } from '../ui/Field';
import { errorText, toast } from '../ui/Toast';
import { changes, readDraft, toDraft } from './draft';
import { FieldInput } from './FieldInput';
import { attachAll, type Chosen, FileInput, type Sending, SendingLine } from './Files';
import { About, PersonPicker } from './Picker';
import { t } from './texts';

export interface MoveOf {
  register: Register;
  item: Item;
  transition: Transition;
}

interface Props extends MoveOf {
  onClose: () => void;
  onDone: () => void;
}

export function signText(tr: Transition, names: readonly string[] = []): string {
  const who = names.length ? `（${names.map(personName).join('、')}）` : '';
  return t('move.sign', { n: tr.sign ?? 1, m: tr.signed ?? 0, who });
}

/** Fields that the move needs, whether they are empty or not; what is computed nobody fills in. */
function needed(register: Register, tr: Transition): Field[] {
  return (tr.needs ?? [])
    .map((id) => fieldOf(register, id))
    .filter((f) => f !== undefined && f.type !== 'computed') as Field[];
}

function evidenceErrors(register: Register, tr: Transition, chosen: readonly Chosen[]) {
  return (tr.evidence ?? []).flatMap(({ field, needs, has }) => {
    const n = needs - has - chosen.filter((c) => c.field === field).length;
    const title = pick(fieldOf(register, field)?.title) || field;
    return n > 0 ? [t('e.more', { title, n })] : [];
  });
}

export function MoveDialog({ register, item, transition: tr, onClose, onDone }: Props) {
  const fields = needed(register, tr);
  const [draft, setDraft] = useState(() => toDraft(fields, item.fields));
  const [chosen, setChosen] = useState<Chosen[]>([]);
  const [note, setNote] = useState('');
  const [to, setTo] = useState('');
  const [errors, setErrors] = useState<string[]>([]);
  const [fieldErrors, setFieldErrors] = useState<Record<string, string>>({});
  const [sending, setSending] = useState<Sending | null>(null);
  const [busy, setBusy] = useState(false);
  const evidence = (tr.evidence ?? []).flatMap((e) => {
    const f = fieldOf(register, e.field);
    return f ? [{ f, n: e.needs - e.has }] : [];
  });
  const given = tr.owner === 'given';
  const target = stateOf(register, tr.to);

  async function send() {
    const read = readDraft(fields, draft, tr.needs);
    const more = evidenceErrors(register, tr, chosen);
    if (tr.note === 'required' && !note.trim()) more.push(t('e.note'));
    if (given && !to.trim()) more.push(t('e.to'));
    setFieldErrors(read.errors);
    setErrors(more);
    if (more.length || Object.keys(read.errors).length) return;
    setBusy(true);
    try {
      const version = await attachAll(item.id, item.version, chosen, setSending);
      setChosen([]);
      const write = changes(fields, item.fields, read.values);
      await request('record.move', {
        record: item.id,
        version,
        transition: tr.id,
        ...(Object.keys(write).length ? { fields: write } : {}),
        ...(note.trim() ? { note: note.trim() } : {}),
        ...(given ? { to: to.trim() } : {}),
      });
      toast(t('move.done', { title: pick(tr.title) }));
      onDone();
      onClose();
    } catch (e) {
      setSending(null);
      setErrors([errorText(e)]);
      setBusy(false);
    }
  }

  return (
    <Dialog
      title={`${pick(tr.title)} · ${item.label || item.key}`}
      onClose={onClose}
      footer={
        <>
          <button type="button" class="btn" onClick={onClose}>
            {t('cancel')}
          </button>
          <button
            type="button"
            class="btn primary"
            disabled={busy || !canAct.value}
            onClick={() => void send()}
          >
            {pick(tr.title)}
          </button>
        </>
      }
    >
      <About.Provider value={{ register: register.id, place: item.place ?? null }}>
        <div class="stack rg-move">
          {target && <p class="hint">{t('move.to.state', { state: pick(target.title) })}</p>}
          {(tr.sign ?? 1) > 1 && <p>{signText(tr)}</p>}
          {fields.map((f) => (
            <FieldInput
              key={f.id}
              f={f}
              must
              value={draft[f.id]}
              error={fieldErrors[f.id]}
              set={(v) => setDraft((d) => ({ ...d, [f.id]: v }))}
            />
          ))}
          {given && (
            <div class="field rg-field">
              <span>{t('move.to')} ＊</span>
              <PersonPicker owners value={to} label={t('move.to')} onPick={setTo} />
            </div>
          )}
          {evidence.map(({ f, n }) => (
            <div key={f.id}>
              <FileInput f={f} chosen={chosen} set={setChosen} />
              {n > 0 && (
                <small class="hint">{t('move.evidence.n', { title: pick(f.title), n })}</small>
              )}
            </div>
          ))}
          <AreaField
            label={t(tr.note === 'required' ? 'note.must' : 'note')}
            value={note}
            onInput={setNote}
          />
          <SendingLine s={sending} />
          {errors.length > 0 && (
            <div class="error" role="alert">
              {errors.map((e) => (
                <p key={e}>{e}</p>
              ))}
            </div>
          )}
        </div>
      </About.Provider>
    </Dialog>
  );
}
