// SPDX-License-Identifier: Apache-2.0
/** One move of a case: what it still needs (fields, evidence, a note, a person), then the request. */
import './registers.css';
import { useState } from 'preact/hooks';
import { request } from '../api/client';
import {
  type Attachment,
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
import { PersonPicker } from './Picker';
import { t } from './texts';

export interface MoveOf {
  register: Register;
  item: Item & { attachments?: Attachment[] | number };
  transition: Transition;
  /** What has been attached since the state was entered. */
  have?: readonly Attachment[];
}

interface Props extends MoveOf {
  onClose: () => void;
  onDone: () => void;
}

export function signText(tr: Transition): string {
  const signed = tr.signed ?? [];
  const who = signed.length ? `（${signed.map(personName).join('、')}）` : '';
  return t('move.sign', { n: tr.sign ?? 1, m: signed.length, who });
}

/** Fields that the move needs, whether they are empty or not. */
function needed(register: Register, tr: Transition): Field[] {
  return (tr.needs ?? []).map((id) => fieldOf(register, id)).filter((f) => f !== undefined);
}

function evidenceErrors(
  register: Register,
  tr: Transition,
  chosen: readonly Chosen[],
  have: readonly Attachment[],
) {
  const out: string[] = [];
  for (const [id, n] of Object.entries(tr.evidence ?? {})) {
    const count =
      chosen.filter((c) => c.field === id).length + have.filter((a) => a.field === id).length;
    const title = pick(fieldOf(register, id)?.title) || id;
    if (count < n) out.push(t('e.more', { title, n: n - count }));
  }
  return out;
}

export function MoveDialog({ register, item, transition: tr, have = [], onClose, onDone }: Props) {
  const fields = needed(register, tr);
  const [draft, setDraft] = useState(() => toDraft(fields, item.fields));
  const [chosen, setChosen] = useState<Chosen[]>([]);
  const [note, setNote] = useState('');
  const [to, setTo] = useState('');
  const [errors, setErrors] = useState<string[]>([]);
  const [fieldErrors, setFieldErrors] = useState<Record<string, string>>({});
  const [sending, setSending] = useState<Sending | null>(null);
  const [busy, setBusy] = useState(false);
  const evidence = Object.keys(tr.evidence ?? {})
    .map((id) => fieldOf(register, id))
    .filter((f) => f !== undefined);
  const given = tr.owner === 'given';
  const target = stateOf(register, tr.to);

  async function send() {
    const read = readDraft(fields, draft, tr.needs);
    const more = evidenceErrors(register, tr, chosen, have);
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
            <PersonPicker value={to} label={t('move.to')} onPick={setTo} />
          </div>
        )}
        {evidence.map((f) => (
          <div key={f.id}>
            <FileInput f={f} chosen={chosen} set={setChosen} />
            <small class="hint">
              {t('move.evidence.n', { title: pick(f.title), n: tr.evidence?.[f.id] ?? 1 })}
            </small>
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
    </Dialog>
  );
}
