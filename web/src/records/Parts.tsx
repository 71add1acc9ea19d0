// SPDX-License-Identifier: Apache-2.0
/** Small things that several screens of records show alike. */
import './records.css';
import type { ComponentChildren } from 'preact';
import type { LimitName, Source } from '../api/records';
import { fromInput, toInput } from '../app/format';
import { t } from './texts';
import type { Reading } from './use';

export function limitName(name: string): string {
  return t(`limit.${name}` as Parameters<typeof t>[0]);
}

/** The safety rule's colours for its own lines; other limits have none. */
export function limitKind(name: LimitName): 'alarm' | 'cut' | 'restore' | null {
  if (name === 'warn') return null;
  return name.replace('low_', '') as 'alarm' | 'cut' | 'restore';
}

/** Standard, edition, clause; an unverified one says so. */
export function SourceText({ source }: { source: Source | undefined | null }) {
  if (!source?.standard) return <span class="hint">{t('nosource')}</span>;
  return (
    <span>
      {source.verified === false && (
        <span class="mark" title={t('unverified.why')}>
          {t('unverified')}
        </span>
      )}{' '}
      {source.standard}{' '}
      {source.edition && !source.standard.endsWith(source.edition) && source.edition}{' '}
      {source.clause}
    </span>
  );
}

interface SpanProps {
  from: number;
  to: number;
  onChange: (from: number, to: number) => void;
  /** Buttons of so many hours before now. */
  hours?: readonly (1 | 8 | 24 | 168 | 720)[];
  now?: number;
}

/** Two fields of date and time, with buttons for the usual spans. */
export function SpanFields({ from, to, onChange, hours = [], now = to }: SpanProps) {
  const field = (label: string, value: number, set: (ms: number) => void) => (
    <label class="row">
      <span class="hint">{label}</span>
      <input
        class="input"
        type="datetime-local"
        value={toInput(value).slice(0, 16)}
        onChange={(e) => {
          const ms = fromInput(e.currentTarget.value);
          if (ms !== null) set(ms);
        }}
      />
    </label>
  );
  return (
    <>
      {field(t('from'), from, (ms) => ms < to && onChange(ms, to))}
      {field(t('to'), to, (ms) => ms > from && onChange(from, ms))}
      {hours.map((h) => (
        <button
          key={h}
          type="button"
          class="btn plain"
          onClick={() => onChange(now - h * 3600_000, now)}
        >
          {t(`span.${h}`)}
        </button>
      ))}
    </>
  );
}

/** What stands in place of a list that is not there (yet). */
export function Waiting<V>({ read, children }: { read: Reading<V>; children?: ComponentChildren }) {
  if (read.error) {
    return (
      <div class="row">
        <p class="error grow" role="alert">
          {read.error}
        </p>
        <button type="button" class="btn" onClick={read.again}>
          {t('again')}
        </button>
      </div>
    );
  }
  if (!read.data) return <p class="hint">{t('loading')}</p>;
  return <>{children}</>;
}

export function RefreshButton({ read }: { read: { again: () => void; busy: boolean } }) {
  return (
    <button type="button" class="btn" aria-busy={read.busy} onClick={read.again}>
      {t('refresh')}
    </button>
  );
}
