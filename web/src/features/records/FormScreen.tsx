// SPDX-License-Identifier: Apache-2.0
/** A record's form, made of the declaration: new, or the change of one that somebody else may change too. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, api, request } from '../../api/client';
import {
  type Field,
  type Fields,
  type Item,
  type Problem,
  type Record_,
  type Register,
  recordPath,
} from '../../api/room';
import { canAct, live } from '../../api/world';
import { fromInput } from '../../app/format';
import { pick } from '../../app/i18n';
import { Lazy } from '../../app/Lazy';
import { go } from '../../app/router';
import { useGuard } from '../../records/guard';
import { Waiting } from '../../records/Parts';
import { useRead } from '../../records/use';
import { ConflictDialog } from '../../registers/Conflict';
import { changes, type Draft, formFields, readDraft, same, toDraft } from '../../registers/draft';
import { FieldInput } from '../../registers/FieldInput';
import {
  attachAll,
  type Chosen,
  FileInput,
  type Sending,
  SendingLine,
} from '../../registers/Files';
import { About as AboutRecord } from '../../registers/Picker';
import { isFiles, isWalk, today } from '../../registers/value';
import { Dialog } from '../../ui/Dialog';
import { TextField } from '../../ui/Field';
import { errorText, toast, toastError } from '../../ui/Toast';
import { Sketch } from './Barriers';
import { t } from './texts';

const geometry = () => import('./Geometry');

interface About {
  source: string;
  since: string;
  note: string;
}

function AboutFields({ value, set }: { value: About; set: (v: About) => void }) {
  return (
    <details class="rr-about">
      <summary>{t('about')}</summary>
      <div class="rr-grid">
        <TextField
          label={t('source')}
          hint={t('source.hint')}
          value={value.source}
          onInput={(source) => set({ ...value, source })}
        />
        <TextField
          label={t('since')}
          hint={t('since.hint')}
          type="datetime-local"
          value={value.since}
          onInput={(since) => set({ ...value, since })}
        />
        <TextField
          label={t('note')}
          value={value.note}
          onInput={(note) => set({ ...value, note })}
        />
      </div>
    </details>
  );
}

/** The sentences above the form; each leads to its field. */
function Errors({
  fields,
  errors,
  failed,
  touched,
}: {
  fields: readonly Field[];
  errors: Record<string, string>;
  failed: string;
  touched: Problem['barrier'] | null;
}) {
  const list = fields.filter((f) => errors[f.id]);
  if (list.length === 0 && !failed) return null;
  return (
    <div class="error" role="alert">
      {failed && <p>{failed}</p>}
      {touched && <Sketch shape={touched.shape} zones={touched.zones} />}
      {list.length > 0 && <p>{t('form.errors', { n: list.length })}</p>}
      <ul>
        {list.map((f) => (
          <li key={f.id}>
            <button type="button" class="rr-link" onClick={() => focusField(f.id)}>
              {errors[f.id]}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

function focusField(id: string): void {
  const el = document.querySelector<HTMLElement>(
    `[data-field="${id}"] input, [data-field="${id}"] select, [data-field="${id}"] textarea, [data-field="${id}"] button`,
  );
  el?.focus();
}

interface FormProps {
  r: Register;
  record: Record_ | null;
}

function Form({ r, record }: FormProps) {
  const fields = formFields(r.fields);
  const first = useRef<Draft>(
    toDraft(fields, record?.fields ?? {}, record ? '' : today(live.now.value || Date.now())),
  );
  const [base, setBase] = useState<{ version: number; fields: Fields }>({
    version: record?.version ?? 0,
    fields: record?.fields ?? {},
  });
  const [draft, setDraft] = useState<Draft>(first.current);
  const [chosen, setChosen] = useState<Chosen[]>([]);
  const [about, setAbout] = useState<About>({ source: '', since: '', note: '' });
  const [errors, setErrors] = useState<Record<string, string>>({});
  const [failed, setFailed] = useState('');
  const [touched, setTouched] = useState<Problem['barrier'] | null>(null);
  const [sending, setSending] = useState<Sending | null>(null);
  const [busy, setBusy] = useState(false);
  const [drawing, setDrawing] = useState<Field | null>(null);
  const [theirs, setTheirs] = useState<{ item: Item; mine: Fields } | null>(null);
  const dirty = chosen.length > 0 || !same(draft, first.current);
  const guard = useGuard(dirty && !busy);
  const set = (id: string) => (v: unknown) => {
    setDraft((d) => ({ ...d, [id]: v }));
    setErrors(({ [id]: _, ...rest }) => rest);
  };

  function leave(id: number) {
    guard.done();
    go(['registers', r.id, String(id)]);
  }

  async function attach(id: number, version: number) {
    try {
      await attachAll(id, version, chosen, setSending);
    } catch (e) {
      toastError(e);
    }
    leave(id);
  }

  async function write(values: Fields, version: number) {
    setBusy(true);
    setFailed('');
    setTouched(null);
    const since = about.since ? fromInput(about.since) : null;
    const more = {
      ...(about.source.trim() ? { source: about.source.trim() } : {}),
      ...(about.note.trim() ? { note: about.note.trim() } : {}),
      ...(since ? { since } : {}),
    };
    try {
      if (!record) {
        const v = await request('record.create', { register: r.id, fields: values, ...more });
        toast(t('created', { key: String(v.result?.key ?? '') }));
        await attach(Number(v.result?.record), Number(v.result?.version ?? 1));
        return;
      }
      let at = version;
      if (Object.keys(values).length) {
        const v = await request('record.set', {
          record: record.id,
          version,
          fields: values,
          ...more,
        });
        at = Number(v.result?.version ?? version + 1);
      }
      toast(t('saved'));
      await attach(record.id, at);
    } catch (e) {
      setBusy(false);
      if (record && e instanceof ApiError && e.code === 'KT_ECONFLICT') {
        const item = await api.get<Item>(recordPath(r.id, record.id)).catch(() => null);
        if (item && item.version !== version) {
          setTheirs({ item, mine: values });
          return;
        }
      }
      setFailed(errorText(e));
      const problems = e instanceof ApiError ? (e.problems as readonly Problem[]) : [];
      setTouched(problems.find((x) => x.barrier)?.barrier ?? null);
    }
  }

  function save(e: Event) {
    e.preventDefault();
    if (busy) return;
    const read = readDraft(fields, draft);
    setErrors(read.errors);
    setFailed('');
    const bad = fields.find((f) => read.errors[f.id]);
    if (bad) return focusField(bad.id);
    const given = changes(fields, base.fields, read.values);
    if (!record) return void write(withoutNull(given), 0);
    if (!Object.keys(given).length && !chosen.length) return leave(record.id);
    return void write(given, base.version);
  }

  return (
    <form class="desk rr-form" onSubmit={save} noValidate>
      <div class="desk-head">
        <h1 class="desk-title">
          {record
            ? t('edit.title', { label: record.label || record.key })
            : t('new.title', { title: pick(r.title) })}
        </h1>
        <span class="hint" role="status">
          {dirty ? t('dirty') : ''}
        </span>
        <span class="grow" />
        <SendingLine s={sending} />
        <button
          type="button"
          class="btn"
          onClick={() => go(record ? ['registers', r.id, String(record.id)] : ['registers', r.id])}
        >
          {t('cancel')}
        </button>
        <button type="submit" class="btn primary" disabled={busy || !canAct.value}>
          {t('save')}
        </button>
      </div>
      <div class="desk-bar" />
      <div class="desk-body stack">
        <Errors fields={fields} errors={errors} failed={failed} touched={touched} />
        <AboutRecord.Provider value={{ register: r.id, place: placeOf(r, draft) }}>
          <div class="rr-grid panel pad">
            {fields.map((f) =>
              isFiles(f) ? (
                f.may_write !== false &&
                !isWalk(f) && <FileInput key={f.id} f={f} chosen={chosen} set={setChosen} />
              ) : (
                <FieldInput
                  key={f.id}
                  f={f}
                  value={draft[f.id]}
                  error={errors[f.id]}
                  set={set(f.id)}
                  draw={setDrawing}
                />
              ),
            )}
          </div>
        </AboutRecord.Provider>
        <AboutFields value={about} set={setAbout} />
      </div>
      {drawing && (
        <Lazy
          load={geometry}
          props={{
            f: drawing,
            value: draft[drawing.id] ?? null,
            onSet: set(drawing.id),
            onClose: () => setDrawing(null),
          }}
        />
      )}
      {theirs && (
        <ConflictDialog
          fields={fields}
          base={base.fields}
          theirs={theirs.item}
          mine={theirs.mine}
          onClose={() => setTheirs(null)}
          onStop={() => leave(theirs.item.id)}
          onSave={(keep) => {
            setBase({ version: theirs.item.version, fields: theirs.item.fields });
            setTheirs(null);
            void write(keep, theirs.item.version);
          }}
        />
      )}
      {guard.wanted !== null && (
        <Dialog
          title={t('leave')}
          onClose={guard.stay}
          footer={
            <>
              <button type="button" class="btn" onClick={guard.leave}>
                {t('leave.drop')}
              </button>
              <button type="button" class="btn primary" onClick={guard.stay}>
                {t('leave.stay')}
              </button>
            </>
          }
        >
          <p>{t('leave.why')}</p>
        </Dialog>
      )}
    </form>
  );
}

/** Where the record lies as it is typed now. */
const placeOf = (r: Register, draft: Draft) => (r.place ? String(draft[r.place] ?? '') : null);

function withoutNull(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, v]) => v !== null));
}

export function FormScreen({ r, id }: { r: Register; id?: number }) {
  const read = useRead<Record_>(id ? recordPath(r.id, id) : null);
  const [record, setRecord] = useState<Record_ | null>(null);
  // what was opened stays: a newer reading must not change what is being edited
  useEffect(() => {
    if (read.data && !record) setRecord(read.data);
  }, [read.data]);
  if (!id) return <Form r={r} record={null} />;
  if (!record)
    return (
      <div class="pad">
        <Waiting read={read} />
      </div>
    );
  return <Form r={r} record={record} />;
}
