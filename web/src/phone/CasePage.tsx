// SPDX-License-Identifier: Apache-2.0
/** One case on the phone: what it is, its moves, its form, photos; all of it works without a signal. */
import { useState } from 'preact/hooks';
import {
  attachmentUrl,
  fieldOf,
  personName,
  type Record_,
  type Register,
  registerOf,
  stateOf,
  type Transition,
} from '../api/room';
import { fullStamp } from '../app/format';
import { pick } from '../app/i18n';
import { changes, type Draft, formFields, isTyped, readDraft, toDraft } from '../registers/draft';
import { FieldInput } from '../registers/FieldInput';
import { About, PersonPicker } from '../registers/Picker';
import { dueText, isFiles, valueText, withUnit } from '../registers/value';
import { toast } from '../ui/Toast';
import { addPhotos, confirmReceipt, type Kept, makeMove, saveFields } from './acts';
import { PhotoInput } from './PhotoInput';
import { show } from './page';
import { caseKey, cases, online, queue, who } from './state';
import { t } from './texts';
import { useTyped } from './typed';

function overlay(rec: Record_): Record_ {
  const about = caseKey(rec.register ?? '', rec.id);
  const fields = { ...rec.fields };
  for (const e of queue.value)
    if (e.about === about && e.args.fields) Object.assign(fields, e.args.fields);
  return { ...rec, fields };
}

interface MoveTyped {
  draft: Draft;
  note: string;
  to: string;
  photos: { field: string; photo: Kept }[];
}

function MoveForm({
  r,
  rec,
  tr,
  onClose,
}: {
  r: Register;
  rec: Record_;
  tr: Transition;
  onClose: () => void;
}) {
  const fields = (tr.needs ?? []).map((id) => fieldOf(r, id)).filter((f) => f !== undefined);
  const evidence = tr.evidence ?? [];
  const name = `${caseKey(r.id, rec.id)}/${tr.id}`;
  const [typed, setTyped, done] = useTyped<MoveTyped>(name, {
    draft: toDraft(fields, rec.fields),
    note: '',
    to: '',
    photos: [],
  });
  const [errors, setErrors] = useState<Record<string, string>>({});
  const [more, setMore] = useState<string[]>([]);
  if (!typed) return null;
  const put = (x: Partial<MoveTyped>) => {
    setMore([]);
    setTyped({ ...typed, ...x });
  };
  const waiting = queue.value.filter(
    (e) => e.about === caseKey(r.id, rec.id) && e.verb === 'record.attach',
  );
  const lacks = (e: (typeof evidence)[number]) =>
    e.needs -
    e.has -
    typed.photos.filter((p) => p.field === e.field).length -
    waiting.filter((x) => x.args.field === e.field).length;
  async function send() {
    if (!typed) return;
    const read = readDraft(fields, typed.draft, tr.needs);
    const wrong: string[] = [];
    for (const e of evidence)
      if (lacks(e) > 0)
        wrong.push(t('need.photos', { title: pick(fieldOf(r, e.field)?.title), n: lacks(e) }));
    if (tr.note === 'required' && !typed.note.trim()) wrong.push(t('need.note'));
    if (tr.owner === 'given' && !typed.to.trim()) wrong.push(t('need.to'));
    setErrors(read.errors);
    setMore(wrong);
    if (wrong.length || Object.keys(read.errors).length) return;
    await makeMove(rec, tr, {
      fields: changes(fields, rec.fields, read.values),
      note: typed.note.trim(),
      to: typed.to.trim(),
      photos: typed.photos,
    });
    done();
    toast(t(online.value ? 'kept.online' : 'kept.offline'));
    onClose();
  }
  return (
    <section class="panel pad stack" aria-label={pick(tr.title)}>
      <h2>{pick(tr.title)}</h2>
      {(tr.sign ?? 1) > 1 && <p>{t('sign', { n: tr.sign ?? 1, m: tr.signed ?? 0 })}</p>}
      {fields.map((f) => (
        <FieldInput
          key={f.id}
          f={f}
          must
          value={typed.draft[f.id]}
          error={errors[f.id]}
          set={(v) => put({ draft: { ...typed.draft, [f.id]: v } })}
        />
      ))}
      {tr.owner === 'given' && (
        <div class="field">
          <span>{t('to')}</span>
          <PersonPicker owners value={typed.to} label={t('to')} onPick={(to) => put({ to })} />
        </div>
      )}
      {evidence.map(({ field: id, needs: n }) => (
        <PhotoInput
          key={id}
          label={t('take', { title: pick(fieldOf(r, id)?.title), n })}
          photos={typed.photos.filter((p) => p.field === id).map((p) => p.photo)}
          add={(photo) => put({ photos: [...typed.photos, { field: id, photo }] })}
          drop={(photo) => put({ photos: typed.photos.filter((p) => p.photo !== photo) })}
        />
      ))}
      <label class="field">
        <span>{t(tr.note === 'required' ? 'note.must' : 'note')}</span>
        <textarea
          class="input"
          rows={3}
          value={typed.note}
          onInput={(e) => put({ note: e.currentTarget.value })}
        />
      </label>
      {more.length > 0 && (
        <div class="error" role="alert">
          {more.map((x) => (
            <p key={x}>{x}</p>
          ))}
        </div>
      )}
      <div class="ph-two">
        <button type="button" class="btn" onClick={onClose}>
          {t('cancel')}
        </button>
        <button type="button" class="btn primary" onClick={() => void send()}>
          {pick(tr.title)}
        </button>
      </div>
    </section>
  );
}

function EditForm({ r, rec, onClose }: { r: Register; rec: Record_; onClose: () => void }) {
  const fields = formFields(r.fields).filter((f) => isTyped(f) && f.type !== 'geometry');
  const [draft, setDraft, done] = useTyped<Draft>(
    `${caseKey(r.id, rec.id)}/edit`,
    toDraft(fields, rec.fields),
  );
  const [errors, setErrors] = useState<Record<string, string>>({});
  if (!draft) return null;
  async function save() {
    if (!draft) return;
    const read = readDraft(fields, draft);
    setErrors(read.errors);
    if (Object.keys(read.errors).length) return;
    const given = changes(fields, rec.fields, read.values);
    if (Object.keys(given).length) {
      await saveFields(rec, given);
      toast(t(online.value ? 'kept.online' : 'kept.offline'));
    }
    done();
    onClose();
  }
  return (
    <section class="panel pad stack" aria-label={t('edit')}>
      <h2>{t('edit')}</h2>
      {fields.map((f) => (
        <FieldInput
          key={f.id}
          f={f}
          value={draft[f.id]}
          error={errors[f.id]}
          set={(v) => setDraft({ ...draft, [f.id]: v })}
        />
      ))}
      <div class="ph-two">
        <button type="button" class="btn" onClick={onClose}>
          {t('cancel')}
        </button>
        <button type="button" class="btn primary" onClick={() => void save()}>
          {t('save')}
        </button>
      </div>
    </section>
  );
}

const why = (tr: Transition) =>
  tr.signed_by_me ? t('signed.me') : tr.why ? t('why.who', { who: pick(tr.why) }) : '';

function Moves({ rec, run }: { rec: Record_; run: (tr: Transition) => void }) {
  const about = caseKey(rec.register ?? '', rec.id);
  const waits = queue.value.filter((e) => e.about === about);
  const moved = waits.some((e) => e.verb === 'record.move');
  const mine = rec.owner === who.value?.user;
  const receipt =
    (rec.moves ?? []).at(-1)?.kind === 'receipt' || waits.some((e) => e.verb === 'record.receipt');
  return (
    <div class="stack">
      {waits.map((e) => (
        <p key={e.n} class="ph-waits">
          {e.state === 'wait' ? t('waits.for', { what: e.label }) : `! ${e.label}：${e.error}`}
        </p>
      ))}
      {mine && !receipt && !moved && (
        <button type="button" class="btn" onClick={() => void confirmReceipt(rec)}>
          {t('receipt')}
        </button>
      )}
      {!moved &&
        (rec.transitions ?? []).map((tr) => (
          <div key={tr.id} class="stack ph-move">
            <button type="button" class="btn primary" disabled={!tr.may} onClick={() => run(tr)}>
              {pick(tr.title)}
            </button>
            {!tr.may && <small class="hint">{why(tr)}</small>}
          </div>
        ))}
    </div>
  );
}

function Pictures({ rec }: { rec: Record_ }) {
  const list = (Array.isArray(rec.attachments) ? rec.attachments : []).filter(
    (a) => !a.ended && !a.erased && a.type.startsWith('image/'),
  );
  if (list.length === 0) return null;
  return (
    <ul class="ph-photos">
      {list.map((a) => (
        <li key={a.hash}>
          {online.value ? (
            <a href={attachmentUrl(a, rec.id)}>
              <img class="ph-thumb" src={attachmentUrl(a, rec.id, true)} alt={a.name ?? ''} />
            </a>
          ) : (
            <span class="ph-thumb ph-away">{t('photo.away')}</span>
          )}
        </li>
      ))}
    </ul>
  );
}

export function CasePage({ id }: { id: string }) {
  const kept = cases.value.find((r) => caseKey(r.register ?? '', r.id) === id);
  const [tr, setTr] = useState<Transition | null>(null);
  const [editing, setEditing] = useState(false);
  const r = registerOf(kept?.register);
  if (!kept || !r)
    return (
      <div class="pad stack">
        <p>{t('case.away')}</p>
        <a class="btn" href="#/tasks">
          {t('tab.tasks')}
        </a>
      </div>
    );
  const rec = overlay(kept);
  const state = stateOf(r, rec.state);
  const late = !!rec.due && rec.due < Date.now();
  const photoField = r.fields.find((f) => f.type === 'photo' && f.may_write !== false && !f.ended);
  return (
    <About.Provider value={{ register: r.id }}>
      <div class="pad stack">
        <div class="row">
          <button type="button" class="btn plain" onClick={() => show('tasks')}>
            ◂ {t('tab.tasks')}
          </button>
          <span class="grow" />
          <span class="mark">{pick(state?.title)}</span>
        </div>
        <h1>{rec.label || rec.key}</h1>
        <p class={late ? 'ph-late' : ''}>
          {late && <b aria-hidden="true">! </b>}
          {dueText(rec.due, Date.now())}{' '}
          {rec.due ? <span class="hint">{fullStamp(rec.due)}</span> : null}
        </p>
        {tr ? (
          <MoveForm key={tr.id} r={r} rec={rec} tr={tr} onClose={() => setTr(null)} />
        ) : editing ? (
          <EditForm r={r} rec={rec} onClose={() => setEditing(false)} />
        ) : (
          <>
            <Moves rec={rec} run={setTr} />
            <dl class="kv ph-fields panel pad">
              {r.fields
                .filter((f) => !f.ended && !isFiles(f) && f.type !== 'geometry')
                .filter((f) => valueText(f, rec.fields[f.id]) !== '')
                .flatMap((f) => [
                  <dt key={`${f.id}-t`}>{pick(f.title)}</dt>,
                  <dd key={f.id}>{withUnit(f, rec.fields[f.id])}</dd>,
                ])}
            </dl>
            <Pictures rec={rec} />
            {photoField && (
              <PhotoInput
                label={t('photo.take')}
                photos={[]}
                add={(p) => void addPhotos(rec, photoField.id, [p])}
              />
            )}
            {r.may.write && (
              <button type="button" class="btn" onClick={() => setEditing(true)}>
                {t('edit')}
              </button>
            )}
            {(rec.moves?.length ?? 0) > 0 && (
              <details>
                <summary class="btn">{t('course', { n: rec.moves!.length })}</summary>
                <ul class="ph-course">
                  {[...rec.moves!].reverse().map((m, i) => (
                    <li key={i}>
                      <span class="hint">{fullStamp(m.time)}</span> {personName(m.by)}{' '}
                      {pick(stateOf(r, m.to)?.title)} {m.note}
                    </li>
                  ))}
                </ul>
              </details>
            )}
          </>
        )}
      </div>
    </About.Provider>
  );
}
