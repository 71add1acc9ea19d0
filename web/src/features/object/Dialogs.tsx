// SPDX-License-Identifier: Apache-2.0
/** Small forms of the object card: one dialog that asks for a few fields and makes one request. */
import { signal } from '@preact/signals';
import { useState } from 'preact/hooks';
import { request } from '../../api/client';
import type { PointDetail } from '../../api/model';
import { can } from '../../api/session';
import { site } from '../../api/site';
import { canAct } from '../../api/world';
import type { Target } from '../../app/selection';
import { Dialog } from '../../ui/Dialog';
import { AreaField, TextField } from '../../ui/Field';
import { errorText, toastError } from '../../ui/Toast';
import { t } from './texts';

interface FormField {
  name: string;
  label: string;
  number?: boolean;
  long?: boolean;
  start?: string;
}

interface FormSpec {
  title: string;
  verb: string;
  fixed: Record<string, unknown>;
  fields: readonly FormField[];
  done?: () => void;
}

const form = signal<FormSpec | null>(null);
export const tagging = signal<{ output: string; verb: 'output.tag' | 'output.untag' } | null>(null);

export function ask(spec: FormSpec): void {
  form.value = spec;
}

function FormDialog({ spec, close }: { spec: FormSpec; close: () => void }) {
  const [values, setValues] = useState<Record<string, string>>(
    Object.fromEntries(spec.fields.map((f) => [f.name, f.start ?? ''])),
  );
  const [error, setError] = useState('');
  const complete = spec.fields.every(
    (f) => values[f.name]?.trim() && (!f.number || Number.isFinite(Number(values[f.name]))),
  );
  function send() {
    const args: Record<string, unknown> = { ...spec.fixed };
    for (const f of spec.fields)
      args[f.name] = f.number ? Number(values[f.name]) : values[f.name]!.trim();
    request(spec.verb, args).then(
      () => {
        close();
        spec.done?.();
      },
      (e: unknown) => setError(errorText(e)),
    );
  }
  return (
    <Dialog
      title={spec.title}
      onClose={close}
      footer={
        <button type="button" class="btn primary" disabled={!complete} onClick={send}>
          {t('ok')}
        </button>
      }
    >
      {spec.fields.map((f) => {
        const set = (v: string) => setValues((old) => ({ ...old, [f.name]: v }));
        return f.long ? (
          <AreaField
            key={f.name}
            label={f.label}
            value={values[f.name] ?? ''}
            onInput={set}
            required
          />
        ) : (
          <TextField
            key={f.name}
            label={f.label}
            type={f.number ? 'number' : 'text'}
            step="any"
            value={values[f.name] ?? ''}
            onInput={set}
            required
          />
        );
      })}
      {error && <p class="error">{error}</p>}
    </Dialog>
  );
}

export function ObjectDialogs() {
  const tag = tagging.value;
  const spec: FormSpec | null = tag
    ? {
        title: `${site.value.pointName(tag.output)} · ${tag.verb === 'output.tag' ? t('tag') : t('untag')}`,
        verb: tag.verb,
        fixed: { output: tag.output },
        fields: [{ name: 'reason', label: t('reason'), long: true }],
      }
    : form.value;
  if (!spec) return null;
  return (
    <FormDialog
      key={spec.verb}
      spec={spec}
      close={() => {
        form.value = null;
        tagging.value = null;
      }}
    />
  );
}

export function NoteButton({ target }: { target: Target }) {
  if (target.kind === 'alarm') return null;
  return (
    <button
      type="button"
      class="btn"
      disabled={!canAct.value}
      onClick={() =>
        ask({
          title: t('note'),
          verb: 'note.add',
          fixed: { [target.kind]: target.id },
          fields: [{ name: 'text', label: t('note.text'), long: true }],
        })
      }
    >
      {t('note')}
    </button>
  );
}

export function CalibrationButtons({ d, again }: { d: PointDetail; again: () => void }) {
  if (d.kind !== 'analog' || !can('calibration.write')) return null;
  const open = d.calibrations?.find((c) => c.state === 'open');
  if (open) {
    return (
      <button
        type="button"
        class="btn"
        disabled={!canAct.value}
        onClick={() =>
          ask({
            title: t('calibration.close'),
            verb: 'calibration.close',
            fixed: { record: open.id },
            fields: [{ name: 'result', label: t('calibration.result'), long: true }],
            done: again,
          })
        }
      >
        {t('calibration.close')}
      </button>
    );
  }
  return (
    <button
      type="button"
      class="btn"
      disabled={!canAct.value}
      onClick={() =>
        ask({
          title: t('calibration.open'),
          verb: 'calibration.open',
          fixed: { point: d.id },
          fields: [
            { name: 'gas', label: t('calibration.gas') },
            { name: 'minutes', label: t('calibration.minutes'), number: true, start: '15' },
          ],
          done: again,
        })
      }
    >
      {t('calibration.open')}
    </button>
  );
}

export function ManualButtons({ d, again }: { d: PointDetail; again: () => void }) {
  if (d.cutoff || d.kind === 'output' || !can('manual.set')) return null;
  if (d.manual?.length) {
    return (
      <button
        type="button"
        class="btn"
        disabled={!canAct.value}
        onClick={() => request('manual.clear', { point: d.id }).then(again, toastError)}
      >
        {t('manual.clear')}
      </button>
    );
  }
  return (
    <button
      type="button"
      class="btn"
      disabled={!canAct.value}
      onClick={() =>
        ask({
          title: t('manual.set'),
          verb: 'manual.set',
          fixed: { point: d.id },
          fields: [
            { name: 'value', label: t('manual.value'), number: true },
            { name: 'reason', label: t('reason'), long: true },
          ],
          done: again,
        })
      }
    >
      {t('manual.set')}
    </button>
  );
}
