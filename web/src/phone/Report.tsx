// SPDX-License-Identifier: Apache-2.0
/** A new record from the field: which register, its form, photos. Also where a patrol ends. */
import { useState } from 'preact/hooks';
import { type Field, type Fields, type Register, registerOf, room } from '../api/room';
import { pick } from '../app/i18n';
import { type Draft, formFields, isTyped, readDraft, toDraft } from '../registers/draft';
import { FieldInput } from '../registers/FieldInput';
import { About } from '../registers/Picker';
import { today, valueText } from '../registers/value';
import { toast } from '../ui/Toast';
import { type Kept, report } from './acts';
import { PhotoInput } from './PhotoInput';
import { page, show } from './page';
import { whereNow } from './photo';
import { online } from './state';
import { t } from './texts';
import { useTyped } from './typed';

export interface ReportTyped {
  draft: Draft;
  photos: { field: string; photo: Kept }[];
  /** Of a patrol that ends here. */
  walk?: { field: string; walk: Kept };
}

const LONG = 120;
/** On a phone a geometry is where one stands, or the track of a patrol. */
function Place({ f, value, set }: { f: Field; value: unknown; set: (v: unknown) => void }) {
  const [busy, setBusy] = useState(false);
  async function here() {
    setBusy(true);
    const w = await whereNow();
    setBusy(false);
    if (w?.x === undefined) toast(t('place.none'));
    else set({ type: 'Point', coordinates: [w.x, w.y] });
  }
  return (
    <div class="field">
      <span>{pick(f.title)}</span>
      <span class="row">
        <span class="grow">{valueText(f, value) || t('place.not')}</span>
        {(f.kinds ?? ['point']).includes('point') && (
          <button type="button" class="btn" aria-busy={busy} onClick={() => void here()}>
            {t('place.here')}
          </button>
        )}
      </span>
    </div>
  );
}

/** What a form on a phone begins with: the register's defaults. */
export function startOf(r: Register, more: Fields = {}): ReportTyped {
  return { draft: toDraft(r.fields, more, today(Date.now())), photos: [] };
}

function Form({ r }: { r: Register }) {
  const fields = formFields(r.fields).filter(isTyped);
  const photoField = r.fields.find((f) => f.type === 'photo' && f.may_write !== false && !f.ended);
  const [typed, setTyped, done] = useTyped<ReportTyped>(`new/${r.id}`, startOf(r));
  const [errors, setErrors] = useState<Record<string, string>>({});
  if (!typed) return null;
  const put = (id: string) => (v: unknown) =>
    setTyped({ ...typed, draft: { ...typed.draft, [id]: v } });
  async function send() {
    if (!typed) return;
    const read = readDraft(fields, typed.draft);
    setErrors(read.errors);
    const bad = fields.find((f) => read.errors[f.id]);
    if (bad) {
      document.querySelector<HTMLElement>(`[data-field="${bad.id}"] .input`)?.focus();
      return;
    }
    const given = Object.fromEntries(Object.entries(read.values).filter(([, v]) => v !== null));
    await report(r, given, typed.photos, typed.walk);
    done();
    toast(t(online.value ? 'kept.online' : 'kept.offline'));
    show('outbox');
  }
  return (
    <div class="pad stack">
      <button type="button" class="btn plain ph-start" onClick={() => show('report')}>
        ◂ {t('tab.report')}
      </button>
      <h1>{pick(r.title)}</h1>
      {photoField && (
        <PhotoInput
          label={t('photo.take')}
          photos={typed.photos.map((p) => p.photo)}
          add={(photo) =>
            setTyped({ ...typed, photos: [...typed.photos, { field: photoField.id, photo }] })
          }
          drop={(photo) =>
            setTyped({ ...typed, photos: typed.photos.filter((p) => p.photo !== photo) })
          }
        />
      )}
      {typed.walk && <p class="hint">{t('walk.with')}</p>}
      <About.Provider value={{ register: r.id }}>
        {fields.map((f) =>
          f.type === 'geometry' ? (
            <Place key={f.id} f={f} value={typed.draft[f.id]} set={put(f.id)} />
          ) : (
            <FieldInput
              key={f.id}
              f={f.type === 'text' && f.max === undefined ? { ...f, max: LONG * 20 } : f}
              value={typed.draft[f.id]}
              error={errors[f.id]}
              set={put(f.id)}
            />
          ),
        )}
      </About.Provider>
      <button type="button" class="btn primary" onClick={() => void send()}>
        {t('report.save')}
      </button>
    </div>
  );
}

export function Report() {
  const r = registerOf(page.value.key);
  if (r) return <Form r={r} />;
  const list = room.value.registers.filter((x) => x.may.create);
  return (
    <div class="pad stack">
      <h1>{t('report')}</h1>
      {list.map((x) => (
        <a key={x.id} class="btn ph-big" href={`#/report/${x.id}`}>
          {pick(x.title)}
        </a>
      ))}
      {list.length === 0 && <p>{t('report.none')}</p>}
    </div>
  );
}
