// SPDX-License-Identifier: Apache-2.0
import type { ComponentChildren } from 'preact';

interface BaseProps {
  label: ComponentChildren;
  hint?: ComponentChildren;
}

interface InputProps extends BaseProps {
  value: string;
  onInput: (value: string) => void;
  type?: 'text' | 'password' | 'number' | 'search' | 'date' | 'datetime-local' | 'time' | 'file';
  name?: string;
  autocomplete?: string;
  placeholder?: string;
  required?: boolean;
  disabled?: boolean;
  min?: string;
  max?: string;
  step?: string;
}

export function TextField({ label, hint, onInput, type = 'text', ...rest }: InputProps) {
  return (
    <label class="field">
      <span>{label}</span>
      <input
        {...rest}
        type={type as 'text'}
        class="input"
        onInput={(e) => onInput(e.currentTarget.value)}
      />
      {hint && <small class="hint">{hint}</small>}
    </label>
  );
}

interface AreaProps extends BaseProps {
  value: string;
  rows?: number;
  required?: boolean;
  onInput: (value: string) => void;
}

export function AreaField({ label, hint, value, rows = 2, required, onInput }: AreaProps) {
  return (
    <label class="field">
      <span>{label}</span>
      <textarea
        class="input"
        rows={rows}
        required={required}
        value={value}
        onInput={(e) => onInput(e.currentTarget.value)}
      />
      {hint && <small class="hint">{hint}</small>}
    </label>
  );
}

interface SelectProps {
  label: string;
  value: string;
  options: readonly { id: string; title: string }[];
  onChange: (value: string) => void;
  /** The label is only for screen readers: a filter in a tool bar. */
  bare?: boolean;
}

export function SelectField({ label, value, options, onChange, bare }: SelectProps) {
  const select = (
    <select
      class="input"
      value={value}
      aria-label={bare ? label : undefined}
      onChange={(e) => onChange(e.currentTarget.value)}
    >
      {options.map((o) => (
        <option key={o.id} value={o.id}>
          {o.title}
        </option>
      ))}
    </select>
  );
  if (bare) return select;
  return (
    <label class="field">
      <span>{label}</span>
      {select}
    </label>
  );
}

interface CheckProps {
  label: ComponentChildren;
  checked: boolean;
  onChange: (on: boolean) => void;
}

export function CheckField({ label, checked, onChange }: CheckProps) {
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={checked}
        onChange={(e) => onChange(e.currentTarget.checked)}
      />
      <span>{label}</span>
    </label>
  );
}
