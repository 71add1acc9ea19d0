// SPDX-License-Identifier: Apache-2.0
/** Files and photos chosen for a record: checked against the declaration, sent with their progress. */
import { useState } from 'preact/hooks';
import { request } from '../api/client';
import { type Field, upload } from '../api/room';
import { pick } from '../app/i18n';
import { t } from './texts';

export interface Chosen {
  field: string;
  file: File;
}

function refused(f: Field, file: File): string {
  const max = f.max_mb ?? 50;
  if (file.size > max * 1e6) return t('file.big', { name: file.name, max });
  const end = file.name.split('.').pop()?.toLowerCase() ?? '';
  const types = f.types ?? [];
  if (types.length && !types.includes(end))
    return t('file.type', { name: file.name, types: types.join('、') });
  return '';
}

interface Props {
  f: Field;
  chosen: readonly Chosen[];
  set: (next: Chosen[]) => void;
}

/** The button and the list of what was chosen and not yet sent. */
export function FileInput({ f, chosen, set }: Props) {
  const [errors, setErrors] = useState<string[]>([]);
  const mine = chosen.filter((c) => c.field === f.id);
  function take(list: FileList | null) {
    const files = [...(list ?? [])];
    setErrors(files.map((x) => refused(f, x)).filter(Boolean));
    const good = files.filter((x) => !refused(f, x)).map((file) => ({ field: f.id, file }));
    if (good.length) set([...chosen, ...good]);
  }
  const types = (f.types ?? []).map((x) => `.${x}`).join(',');
  return (
    <div class="field rg-field" data-field={f.id}>
      <span>{pick(f.title)}</span>
      <label class="btn rg-file">
        {t(f.type === 'photo' ? 'photo.add' : 'file.add')}
        <input
          class="sr"
          type="file"
          multiple
          aria-label={pick(f.title)}
          accept={f.type === 'photo' ? 'image/*' : types || undefined}
          onChange={(e) => {
            take(e.currentTarget.files);
            e.currentTarget.value = '';
          }}
        />
      </label>
      {mine.map((c, i) => (
        <span key={i} class="row rg-chosen">
          <span class="grow ellipsis">{c.file.name}</span>
          <span class="hint">{sizeText(c.file.size)}</span>
          <button
            type="button"
            class="btn plain"
            aria-label={`${t('file.drop')} ${c.file.name}`}
            onClick={() => set(chosen.filter((x) => x !== c))}
          >
            ✕
          </button>
        </span>
      ))}
      {errors.map((e) => (
        <p key={e} class="rg-error">
          {e}
        </p>
      ))}
    </div>
  );
}

export function sizeText(bytes: number): string {
  if (bytes < 1e3) return `${bytes} B`;
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(0)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

export interface Sending {
  name: string;
  part: number;
}

/** Sends each and attaches it to the record; the record's version after the last one. */
export async function attachAll(
  record: number,
  version: number,
  chosen: readonly Chosen[],
  tell: (s: Sending | null) => void,
): Promise<number> {
  let at = version;
  for (const { field, file } of chosen) {
    tell({ name: file.name, part: 0 });
    const meta = { taken: file.lastModified };
    const got = await upload(file, file.name, meta, (part) => tell({ name: file.name, part }));
    const { hash, name, type, size } = { ...got, name: got.name || file.name };
    const v = await request('record.attach', {
      record,
      version: at,
      field,
      hash,
      name,
      type,
      size,
      meta,
    });
    at = Number(v.result?.version ?? at);
  }
  tell(null);
  return at;
}

export function SendingLine({ s }: { s: Sending | null }) {
  if (!s) return null;
  return (
    <p class="row" role="status">
      <span class="ellipsis">{t('file.sending', { name: s.name })}</span>
      <progress max="1" value={s.part} aria-label={s.name} />
    </p>
  );
}
