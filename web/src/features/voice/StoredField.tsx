// SPDX-License-Identifier: Apache-2.0
/** Which recorded announcement is to be played; it can be heard first, and another one stored. */
import { useEffect, useState } from 'preact/hooks';
import { can } from '../../api/session';
import { SelectField } from '../../ui/Field';
import { announcements, loadAnnouncements, store } from './announcements';
import { t } from './texts';

interface Props {
  /** Hash of the one that is chosen; empty: none. */
  value: string;
  onChange: (hash: string) => void;
}

export function StoredField({ value, onChange }: Props) {
  const [error, setError] = useState('');
  useEffect(() => void loadAnnouncements(), []);
  const all = announcements.value;
  if (!all) return null;
  const chosen = all.find((a) => a.hash === value);
  const take = async (input: HTMLInputElement) => {
    const file = input.files?.[0];
    setError('');
    if (!file) return;
    try {
      const id = await store(file);
      onChange(announcements.value?.find((a) => a.id === id)?.hash ?? '');
    } catch (e) {
      setError(e instanceof Error ? e.message : String(e));
    }
    input.value = '';
  };
  return (
    <>
      <SelectField
        label={t('stored')}
        value={value}
        options={[
          { id: '', title: t('stored.none') },
          ...all.map((a) => ({ id: a.hash, title: a.name })),
        ]}
        onChange={onChange}
      />
      {chosen && (
        // biome-ignore lint/a11y/useMediaCaption: what it says stands in its record
        <audio controls src={chosen.url} aria-label={chosen.name} />
      )}
      {can('record.write') && (
        <label class="btn voice-store">
          {t('stored.add')}
          <input type="file" accept="audio/*" onChange={(e) => void take(e.currentTarget)} />
        </label>
      )}
      {error && (
        <p class="error" role="alert">
          {error}
        </p>
      )}
    </>
  );
}
