// SPDX-License-Identifier: Apache-2.0
/** The box of one field, as its declaration has it; texts in, texts out (draft.ts reads them). */
import './registers.css';
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import type { Field } from '../api/room';
import { pick } from '../app/i18n';
import { isTyped } from './draft';
import { pickerOf } from './Picker';
import { t } from './texts';
import { unitText, valueText, withUnit } from './value';

export interface InputProps {
  f: Field;
  value: unknown;
  error?: string | undefined;
  /** Needed for what is being done, besides what the register itself requires. */
  must?: boolean;
  set: (v: unknown) => void;
  /** Opens the drawing of a geometry; without it a geometry is only told. */
  draw?: (f: Field) => void;
}

interface BoxProps extends InputProps {
  id: string;
  describedBy: string | undefined;
}

function TwoTexts({ f, value, set, id, describedBy }: BoxProps) {
  const two = value as { zh: string; en: string };
  return (
    <span class="rg-two">
      {(['zh', 'en'] as const).map((k) => (
        <label key={k} class="row">
          <span class="hint rg-lang">{t(k)}</span>
          <input
            id={k === 'zh' ? id : undefined}
            class="input grow"
            aria-label={`${pick(f.title)} ${t(k)}`}
            aria-describedby={describedBy}
            value={two?.[k] ?? ''}
            onInput={(e) => set({ ...two, [k]: e.currentTarget.value })}
          />
        </label>
      ))}
    </span>
  );
}

function Choice({ f, value, set, id, describedBy, error }: BoxProps) {
  const options =
    f.type === 'bool'
      ? [
          { id: '1', title: t('yes') },
          { id: '0', title: t('no') },
        ]
      : (f.values ?? []).map((v) => ({ id: v.id, title: pick(v.title) }));
  return (
    <select
      id={id}
      class="input"
      value={String(value ?? '')}
      aria-invalid={error ? true : undefined}
      aria-describedby={describedBy}
      onChange={(e) => set(e.currentTarget.value)}
    >
      <option value="">{t('none')}</option>
      {options.map((o) => (
        <option key={o.id} value={o.id}>
          {o.title}
        </option>
      ))}
    </select>
  );
}

function Shape({ f, value, draw, set, id }: BoxProps) {
  return (
    <span class="row" id={id}>
      <span class="grow">{valueText(f, value) || t('shape.none')}</span>
      {draw && (
        <button type="button" class="btn" onClick={() => draw(f)}>
          {t('shape.draw')}
        </button>
      )}
      {value !== null && value !== undefined && (
        <button type="button" class="btn plain" onClick={() => set(null)}>
          {t('clear')}
        </button>
      )}
    </span>
  );
}

const KIND: Partial<Record<Field['type'], string>> = {
  date: 'date',
  time: 'datetime-local',
};

function Box(p: BoxProps) {
  const { f, value, set, id, describedBy, error } = p;
  const label = pick(f.title);
  if (f.type === 'text2') return <TwoTexts {...p} />;
  if (f.type === 'enum' || f.type === 'bool') return <Choice {...p} />;
  if (f.type === 'geometry') return <Shape {...p} />;
  if (f.type === 'ref' || f.type === 'place' || f.type === 'person') {
    const own = { value: String(value ?? ''), label, onPick: set, id, describedBy };
    return pickerOf(f, { ...own, invalid: !!error });
  }
  const common = {
    id,
    class: 'input',
    value: String(value ?? ''),
    'aria-invalid': error ? (true as const) : undefined,
    'aria-describedby': describedBy,
  };
  if (f.type === 'text' && (f.max === undefined || f.max > 120)) {
    return <textarea {...common} rows={2} onInput={(e) => set(e.currentTarget.value)} />;
  }
  const number = f.type === 'number' || f.type === 'money';
  const input = (
    <input
      {...common}
      type={(KIND[f.type] ?? 'text') as 'text'}
      inputMode={number ? 'decimal' : undefined}
      onInput={(e) => set(e.currentTarget.value)}
    />
  );
  if (!number || !unitText(f)) return input;
  return (
    <span class="row rg-unit">
      {input}
      <span class="hint">{unitText(f)}</span>
    </span>
  );
}

/** Label, box, help and, where there is one, the sentence that says what is wrong. */
export function FieldInput(p: InputProps) {
  const { f, error } = p;
  const id = useId();
  const help = pick(f.help);
  const range =
    f.min !== undefined && f.max !== undefined ? `${f.min}–${f.max} ${unitText(f)}`.trim() : '';
  const hint = [help, range].filter(Boolean).join(' · ');
  const describedBy = [error && `${id}-e`, hint && `${id}-h`].filter(Boolean).join(' ');
  if (!isTyped(f)) return <Told f={f} value={p.value} />;
  return (
    <div class={`field rg-field${error ? ' bad' : ''}`} data-field={f.id}>
      <label for={id}>
        {pick(f.title)}
        {(f.required || p.must) && (
          <span class="rg-must" title={t('required')}>
            <span aria-hidden="true">＊</span>
            <span class="sr">{t('required')}</span>
          </span>
        )}
      </label>
      <Box {...p} id={id} describedBy={describedBy || undefined} />
      {error && (
        <p class="rg-error" id={`${id}-e`}>
          {error}
        </p>
      )}
      {hint && (
        <small class="hint" id={`${id}-h`}>
          {hint}
        </small>
      )}
    </div>
  );
}

function Told({ f, value }: { f: Field; value: unknown }): ComponentChildren {
  const why = f.auto ? t('auto') : f.type === 'computed' ? t('computed') : t('noright');
  return (
    <div class="field rg-field" data-field={f.id}>
      <span>{pick(f.title)}</span>
      <span>
        {withUnit(f, value)} <span class="hint">{why}</span>
      </span>
    </div>
  );
}
