// SPDX-License-Identifier: Apache-2.0
/** The sheet on the screen is the sheet that is printed; files come from the server. */
import './reports.css';
import { useComputed } from '@preact/signals';
import { options } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { url } from '../../api/client';
import type { Report } from '../../api/records';
import { site } from '../../api/site';
import { live } from '../../api/world';
import { day } from '../../app/format';
import { lang, pick } from '../../app/i18n';
import { route, setQuery } from '../../app/router';
import { Waiting } from '../../records/Parts';
import { useRead } from '../../records/use';
import { SelectField } from '../../ui/Field';
import { Tabs } from '../../ui/Tabs';
import { t } from './texts';

const KINDS = ['analog', 'alarm', 'cut', 'feed', 'switch', 'fault', 'statistics'] as const;
const DAY = 86_400_000;
const PART = 60; // rows that come at once; each further part is twice as long

/** "2026-11-21" moved by days. */
export function moved(date: string, days: number): string {
  const ms = Date.parse(`${date}T00:00:00Z`);
  return Number.isNaN(ms) ? date : new Date(ms + days * DAY).toISOString().slice(0, 10);
}

type Rows = Report['rows'];

/** What `f` sets stands in the document when this returns. */
function atOnce(f: () => void): void {
  const before = options.debounceRendering;
  options.debounceRendering = (draw) => draw();
  f();
  if (before) options.debounceRendering = before;
  else delete options.debounceRendering;
}

function Lines({ r, rows }: { r: Report; rows: Rows }) {
  return useMemo(
    () => (
      <tbody>
        {rows.map((row, k) => (
          <tr key={k}>
            {row.map((cell, i) => (
              <td key={i} class={r.columns[i]?.number ? 'num' : ''}>
                {cell}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    ),
    [rows],
  );
}

/** A page of rows at once, the others while nothing else is to be done; all of them for the printer. */
function useParts(all: Rows): Rows[] {
  const parts = useMemo(() => {
    const out: Rows[] = [];
    for (let at = 0, n = PART; at < all.length; at += n, n = at) out.push(all.slice(at, at + n));
    return out;
  }, [all]);
  const [shown, setShown] = useState({ of: all, n: 1 });
  const n = shown.of === all ? shown.n : 1;
  useEffect(() => {
    const every = () => atOnce(() => setShown({ of: all, n: parts.length }));
    addEventListener('beforeprint', every);
    const timer =
      n < parts.length ? setTimeout(() => setShown({ of: all, n: n + 1 }), 0) : undefined;
    return () => {
      removeEventListener('beforeprint', every);
      clearTimeout(timer);
    };
  }, [all, n]);
  return parts.slice(0, n);
}

/** Columns keep the widths that the first page gave them: rows that come later move nothing. */
function useWidths(r: Report) {
  const head = useRef<HTMLTableRowElement>(null);
  const [kept, keep] = useState<{ of: Report; widths: number[] } | null>(null);
  const widths = kept?.of === r ? kept.widths : null;
  useLayoutEffect(() => {
    if (widths || r.rows.length <= PART) return;
    const all = [...(head.current?.cells ?? [])].map((c) => c.getBoundingClientRect().width);
    const sum = all.reduce((a, b) => a + b, 0);
    if (sum > 0) keep({ of: r, widths: all.map((w) => (100 * w) / sum) });
  }, [r]);
  return { head, widths };
}

function Sheet({ r }: { r: Report }) {
  const parts = useParts(r.rows);
  const { head, widths } = useWidths(r);
  return (
    <article class="report-sheet">
      <h2>{r.title}</h2>
      {r.heads.map((h) => (
        <p key={h}>{h}</p>
      ))}
      <table class={widths ? 'kept' : ''}>
        {widths && (
          <colgroup>
            {widths.map((w, i) => (
              <col key={i} style={{ width: `${w}%` }} />
            ))}
          </colgroup>
        )}
        <thead>
          <tr ref={head}>
            {r.columns.map((c, i) => (
              <th key={i} scope="col" class={c.number ? 'num' : ''}>
                {c.title}
              </th>
            ))}
          </tr>
        </thead>
        {parts.map((rows, k) => (
          <Lines key={k} r={r} rows={rows} />
        ))}
      </table>
      {r.rows.length === 0 && <p class="report-empty">{t('empty')}</p>}
      <footer>
        {r.feet.map((f) => (
          <p key={f}>{f}</p>
        ))}
      </footer>
    </article>
  );
}

export default function ReportsScreen() {
  const q = route.value.query;
  const kind = KINDS.find((k) => k === q.kind) ?? 'analog';
  const today = useComputed(() => day(live.now.value)).value;
  const date = q.date ?? today;
  const shift = q.shift ?? '';
  const query = { date, shift, lang: lang.value === 'zh' ? 'zh' : 'en' };
  const read = useRead<Report>(`/reports/${kind}`, { ...query, format: 'json' });
  const file = (format: string) => url(`/reports/${kind}`, { ...query, format });
  const shifts = (site.value.site.shifts ?? []).map((s) => ({ id: s.id, title: pick(s.name) }));
  return (
    <div class="desk reports">
      <div class="desk-head">
        <h1 class="sr">{t('title')}</h1>
        <Tabs
          label={t('title')}
          current={kind}
          tabs={KINDS.map((k) => ({ id: k, title: t(`kind.${k}`) }))}
          onChange={(k) => setQuery({ kind: k === 'analog' ? null : k })}
        />
      </div>
      <div class="desk-bar">
        <button
          type="button"
          class="btn"
          aria-label={t('back')}
          onClick={() => setQuery({ date: moved(date, -1) })}
        >
          ◀
        </button>
        <input
          class="input"
          type="date"
          aria-label={t('date')}
          max={today}
          value={date}
          onChange={(e) => setQuery({ date: e.currentTarget.value || null })}
        />
        <button
          type="button"
          class="btn"
          aria-label={t('forward')}
          disabled={date >= today}
          onClick={() => setQuery({ date: moved(date, 1) })}
        >
          ▶
        </button>
        <SelectField
          bare
          label={t('shift')}
          value={shift}
          options={[{ id: '', title: t('shift.day') }, ...shifts]}
          onChange={(s) => setQuery({ shift: s })}
        />
        <span class="grow hint" role="status">
          {read.data ? t('rows', { n: read.data.rows.length }) : ''}
        </span>
        <button type="button" class="btn" onClick={() => print()}>
          {t('print')}
        </button>
        <a class="btn" href={file('xlsx')} download>
          {t('xlsx')}
        </a>
        <a class="btn" href={file('pdf')} download>
          {t('pdf')}
        </a>
      </div>
      <div
        class="desk-body report-body"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region is reached by keys
        tabIndex={0}
        role="region"
        aria-label={read.data?.title ?? t('title')}
      >
        <Waiting read={read}>{read.data && <Sheet r={read.data} />}</Waiting>
      </div>
    </div>
  );
}
