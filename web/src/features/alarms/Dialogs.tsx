// SPDX-License-Identifier: Apache-2.0
import type { Signal } from '@preact/signals';
import { useState } from 'preact/hooks';
import type { Alarm } from '../../api/model';
import { site } from '../../api/site';
import { Dialog } from '../../ui/Dialog';
import { AreaField, SelectField } from '../../ui/Field';
import { AlarmTag } from '../../ui/Tag';
import { errorText } from '../../ui/Toast';
import { acknowledge, needsNote, noting, shelve, shelving, takeOut, takingOut } from './actions';
import { t } from './texts';

function AlarmNames({ alarms }: { alarms: readonly Alarm[] }) {
  return (
    <ul class="stack">
      {alarms.slice(0, 8).map((a) => (
        <li key={a.id}>
          <AlarmTag alarm={a} /> {site.value.alarmName(a)} · {site.value.alarmTitle(a)}
        </li>
      ))}
      {alarms.length > 8 && <li>… {alarms.length}</li>}
    </ul>
  );
}

function NoteDialog() {
  const [note, setNote] = useState('');
  const alarms = noting.value;
  const must = alarms.some(needsNote);
  const close = () => {
    noting.value = [];
  };
  return (
    <Dialog
      title={t('ack.title', { n: alarms.length })}
      onClose={close}
      footer={
        <button
          type="button"
          class="btn primary"
          disabled={must && !note.trim()}
          onClick={() => {
            acknowledge(alarms, note.trim());
            close();
          }}
        >
          {t('ack')}
        </button>
      }
    >
      <AlarmNames alarms={alarms} />
      <AreaField
        label={t('ack.noteField')}
        value={note}
        onInput={setNote}
        required={must}
        hint={must ? t('ack.noteRequired') : undefined}
      />
    </Dialog>
  );
}

const MINUTES = [15, 30, 60, 120, 240, 480];

function minuteTitle(n: number): string {
  return n < 60 ? t('shelve.min', { n }) : t('shelve.h', { n: n / 60 });
}

interface ReasonProps {
  title: string;
  alarms: readonly Alarm[];
  close: () => void;
  run: (reason: string, minutes: number) => Promise<unknown>;
  timed: boolean;
}

function ReasonDialog({ title, alarms, close, run, timed }: ReasonProps) {
  const [reason, setReason] = useState('');
  const [minutes, setMinutes] = useState('60');
  const [error, setError] = useState('');
  return (
    <Dialog
      title={title}
      onClose={close}
      footer={
        <button
          type="button"
          class="btn primary"
          disabled={!reason.trim()}
          onClick={() =>
            run(reason.trim(), Number(minutes)).then(close, (e: unknown) => setError(errorText(e)))
          }
        >
          {title}
        </button>
      }
    >
      <AlarmNames alarms={alarms} />
      {timed && (
        <SelectField
          label={t('shelve.minutes')}
          value={minutes}
          onChange={setMinutes}
          options={MINUTES.map((n) => ({ id: String(n), title: minuteTitle(n) }))}
        />
      )}
      <AreaField
        label={t('shelve.reason')}
        value={reason}
        onInput={setReason}
        required
        hint={timed ? t('shelve.note') : undefined}
      />
      {error && <p class="error">{error}</p>}
    </Dialog>
  );
}

function clear(s: Signal<readonly Alarm[]>): () => void {
  return () => {
    s.value = [];
  };
}

export function AlarmDialogs() {
  const out = takingOut.value;
  return (
    <>
      {noting.value.length > 0 && <NoteDialog />}
      {shelving.value.length > 0 && (
        <ReasonDialog
          title={t('shelve.title')}
          alarms={shelving.value}
          close={clear(shelving)}
          run={(reason, minutes) => shelve(shelving.value, minutes, reason)}
          timed
        />
      )}
      {out && (
        <ReasonDialog
          title={t('oos.title')}
          alarms={[out]}
          close={() => {
            takingOut.value = null;
          }}
          run={(reason) => takeOut(out, reason)}
          timed={false}
        />
      )}
    </>
  );
}
