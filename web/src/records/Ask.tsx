// SPDX-License-Identifier: Apache-2.0
/** A decision as a form: a few fields, one request, the server's refusal in words. */
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { request, type Verdict } from '../api/client';
import { canAct } from '../api/world';
import { Dialog } from '../ui/Dialog';
import { AreaField, SelectField, TextField } from '../ui/Field';
import { errorText } from '../ui/Toast';
import { t } from './texts';

export interface AskField {
  name: string;
  label: string;
  kind?: 'text' | 'number' | 'area' | 'choice';
  options?: readonly { id: string; title: string }[];
  start?: string;
  optional?: boolean;
  hint?: string;
  min?: string;
  max?: string;
  /** A box of another kind: what it shows and takes. */
  box?: (value: string, set: (v: string) => void) => ComponentChildren;
}

export interface AskSpec {
  title: string;
  explain?: ComponentChildren;
  verb: string;
  fields: readonly AskField[];
  /** Makes the request's args from what was typed; numbers are numbers already. */
  args: (values: Record<string, string | number>) => Record<string, unknown>;
  done?: (v: Verdict) => void;
}

function typed(spec: AskSpec, raw: Record<string, string>): Record<string, string | number> | null {
  const out: Record<string, string | number> = {};
  for (const f of spec.fields) {
    const text = (raw[f.name] ?? '').trim();
    if (!text && !f.optional) return null;
    if (f.kind === 'number' && text) {
      const v = Number(text);
      if (!Number.isFinite(v)) return null;
      out[f.name] = v;
    } else {
      out[f.name] = text;
    }
  }
  return out;
}

function Field({ f, value, set }: { f: AskField; value: string; set: (v: string) => void }) {
  if (f.box) {
    return (
      <div class="field">
        <span>{f.label}</span>
        {f.box(value, set)}
      </div>
    );
  }
  if (f.kind === 'choice') {
    return <SelectField label={f.label} value={value} options={f.options ?? []} onChange={set} />;
  }
  if (f.kind === 'area') {
    return <AreaField label={f.label} value={value} onInput={set} required={!f.optional} />;
  }
  return (
    <TextField
      label={f.label}
      type={f.kind === 'number' ? 'number' : 'text'}
      {...(f.kind === 'number' ? { step: 'any' } : {})}
      {...(f.min ? { min: f.min } : {})}
      {...(f.max ? { max: f.max } : {})}
      {...(f.hint ? { hint: f.hint } : {})}
      value={value}
      onInput={set}
      required={!f.optional}
    />
  );
}

export function AskDialog({ spec, onClose }: { spec: AskSpec; onClose: () => void }) {
  const [raw, setRaw] = useState<Record<string, string>>(
    Object.fromEntries(spec.fields.map((f) => [f.name, f.start ?? f.options?.[0]?.id ?? ''])),
  );
  const [error, setError] = useState('');
  const [busy, setBusy] = useState(false);
  const values = typed(spec, raw);
  function send(e: Event) {
    e.preventDefault();
    if (!values || busy) return;
    setBusy(true);
    request(spec.verb, spec.args(values)).then(
      (v) => {
        onClose();
        spec.done?.(v);
      },
      (err: unknown) => {
        setBusy(false);
        setError(errorText(err));
      },
    );
  }
  return (
    <Dialog title={spec.title} onClose={onClose}>
      <form class="stack ask" onSubmit={send}>
        {spec.explain && <p class="hint">{spec.explain}</p>}
        {spec.fields.map((f) => (
          <Field
            key={f.name}
            f={f}
            value={raw[f.name] ?? ''}
            set={(v) => setRaw((old) => ({ ...old, [f.name]: v }))}
          />
        ))}
        {error && (
          <p class="error" role="alert">
            {error}
          </p>
        )}
        <div class="row ask-foot">
          <button type="button" class="btn" onClick={onClose}>
            {t('cancel')}
          </button>
          <button type="submit" class="btn primary" disabled={!values || busy || !canAct.value}>
            {t('ok')}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** State of at most one such dialog on a screen. */
export function useAsk(): [ask: (s: AskSpec) => void, dialog: ComponentChildren] {
  const [spec, setSpec] = useState<AskSpec | null>(null);
  return [setSpec, spec && <AskDialog spec={spec} onClose={() => setSpec(null)} />];
}
