// SPDX-License-Identifier: Apache-2.0
/** A table from a file: first what would become of each row, then the writing of it. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, api, url } from '../../api/client';
import {
  fieldOf,
  type ImportRow,
  importTexts,
  type Job,
  type Register,
  send,
} from '../../api/room';
import { canAct } from '../../api/world';
import { lang, pick } from '../../app/i18n';
import { href } from '../../app/router';
import { saveCsv } from '../../records/csv';
import { withUnit } from '../../registers/value';
import { SelectField } from '../../ui/Field';
import { type Column, Table } from '../../ui/Table';
import { errorText } from '../../ui/Toast';
import { t } from './texts';

const FATES = ['error', 'create', 'change', 'same'] as const;
const POLL_MS = 400;
const STOPPED = 'STOPPED';
const stopped = () => new ApiError(0, STOPPED, '', '');

interface Found {
  job: string;
  name: string;
  rows: ImportRow[];
  counts: Partial<Record<ImportRow['fate'], number>>;
}

const jobError = (j: Job) =>
  typeof j.error === 'string'
    ? j.error
    : (((lang.value === 'zh' && j.error?.text_zh) || j.error?.text) ?? t('import.failed'));

/** Asks for a job until it is over. */
async function follow(
  job: string,
  tell: (part: number) => void,
  gone: () => boolean,
): Promise<Job> {
  for (;;) {
    const j = await api.get<Job>(`/jobs/${job}`);
    if (gone() || j.state === 'cancelled') throw stopped();
    if (j.state === 'done') return j;
    if (j.state === 'failed') throw new ApiError(0, '', jobError(j), jobError(j));
    tell(j.progress ?? 0);
    await new Promise((r) => setTimeout(r, POLL_MS));
  }
}

function ChangeList({ r, row }: { r: Register; row: ImportRow }) {
  const texts = importTexts(row, lang.value);
  if (texts.length) return <>{texts.join(lang.value === 'zh' ? '；' : '; ')}</>;
  const text = (id: string, v: unknown) => {
    const f = fieldOf(r, id);
    return f ? withUnit(f, v) : String(v ?? '–');
  };
  return (
    <>
      {(row.changes ?? []).map((c, i) => (
        <span key={c.field}>
          {i > 0 && '；'}
          <span class="hint">{pick(fieldOf(r, c.field)?.title) || c.field}</span>{' '}
          {row.fate === 'change' && <del>{text(c.field, c.from)}</del>}
          {row.fate === 'change' && ' → '}
          <b>{text(c.field, c.to)}</b>
        </span>
      ))}
    </>
  );
}

/** What would become of each row, as a table to mend the file by. */
function saveRows(r: Register, name: string, rows: readonly ImportRow[]): void {
  const said = (x: ImportRow) =>
    importTexts(x, lang.value).join('; ') ||
    (x.changes ?? [])
      .map((c) => {
        const f = fieldOf(r, c.field);
        const text = (v: unknown) => (f ? withUnit(f, v) : String(v ?? '–'));
        return `${pick(f?.title) || c.field}: ${x.fate === 'change' ? `${text(c.from)} → ` : ''}${text(c.to)}`;
      })
      .join('; ');
  saveCsv(
    `${name.replace(/\.\w+$/, '')}-${t('import.rows')}`,
    [t('import.row'), t('import.fate'), t('import.key'), t('import.what')],
    rows.map((x) => [x.row, t(`fate.${x.fate}`), x.key ?? '', said(x)]),
  );
}

function columns(r: Register): Column<ImportRow>[] {
  return [
    { id: 'row', title: t('import.row'), width: '5rem', num: true, cell: (x) => x.row },
    {
      id: 'fate',
      title: t('import.fate'),
      width: '6rem',
      cell: (x) => <span class={`mark rr-fate-${x.fate}`}>{t(`fate.${x.fate}`)}</span>,
    },
    { id: 'key', title: t('import.key'), width: '10rem', cell: (x) => x.key || '–' },
    { id: 'what', title: t('import.what'), cell: (x) => <ChangeList r={r} row={x} /> },
  ];
}

function Rows({
  r,
  found,
  onWrite,
  onBack,
  busy,
}: {
  r: Register;
  found: Found;
  onWrite: () => void;
  onBack: () => void;
  busy: boolean;
}) {
  const [only, setOnly] = useState<ImportRow['fate'] | ''>('');
  const [open, setOpen] = useState<ImportRow | null>(null);
  const n = (f: ImportRow['fate']) =>
    found.counts[f] ?? found.rows.filter((x) => x.fate === f).length;
  const rank = (x: ImportRow) => FATES.indexOf(x.fate);
  const rows = found.rows
    .filter((x) => !only || x.fate === only)
    .sort((a, b) => rank(a) - rank(b) || a.row - b.row);
  const writes = n('create') + n('change');
  return (
    <>
      <div class="desk-bar">
        <b>{found.name}</b>
        <button type="button" class="btn" aria-pressed={only === ''} onClick={() => setOnly('')}>
          {t('import.all', { n: found.rows.length })}
        </button>
        {FATES.map((f) => (
          <button
            key={f}
            type="button"
            class="btn"
            aria-pressed={only === f}
            onClick={() => setOnly(only === f ? '' : f)}
          >
            {t(`fate.${f}`)} {n(f)}
          </button>
        ))}
        <span class="grow" />
        <button type="button" class="btn" onClick={() => saveRows(r, found.name, rows)}>
          {t('import.save')}
        </button>
        <button type="button" class="btn" onClick={onBack}>
          {t('import.back')}
        </button>
        <button
          type="button"
          class="btn primary"
          disabled={busy || !writes || n('error') > 0 || !canAct.value}
          onClick={onWrite}
        >
          {t('import.write', { n: writes })}
        </button>
      </div>
      <div class="desk-body fill rr-import-rows">
        {n('error') > 0 && <p class="error">{t('import.mend', { n: n('error') })}</p>}
        <Table
          label={t('import.rows')}
          columns={columns(r)}
          rows={rows}
          rowKey={(x) => x.row}
          selected={open ? new Set([open.row]) : new Set()}
          onSelect={(_, x) => setOpen(x)}
        />
        {open && (
          <div class="panel pad" role="status">
            <b>{t('import.row.n', { n: open.row })}</b> <ChangeList r={r} row={open} />
          </div>
        )}
      </div>
    </>
  );
}

type Mode = 'both' | 'add' | 'update';

export function ImportWizard({ r }: { r: Register }) {
  const [file, setFile] = useState<File | null>(null);
  const [mode, setMode] = useState<Mode>('both');
  const [part, setPart] = useState<{ text: string; part: number } | null>(null);
  const [found, setFound] = useState<Found | null>(null);
  const [written, setWritten] = useState<Record<string, number> | null>(null);
  const [error, setError] = useState('');
  const [cancelled, setCancelled] = useState(false);
  // the look that is under way; leaving the screen or asking for it ends it, on the server too
  const round = useRef(0);
  const job = useRef('');
  function drop() {
    round.current += 1;
    if (job.current) api.del(`/jobs/${job.current}`).catch(() => undefined);
    job.current = '';
  }
  useEffect(() => drop, []);
  const fail = (e: unknown) => {
    setPart(null);
    setError(e instanceof ApiError && e.code === STOPPED ? '' : errorText(e));
  };
  function stop() {
    drop(); // nothing has been written, so there is nothing to take back
    setPart(null);
    setCancelled(true);
  }
  /** While the rows are written: how far it is. */
  async function watch(id: string) {
    const mine = round.current;
    while (mine === round.current) {
      await new Promise((r) => setTimeout(r, POLL_MS));
      const j = await api.get<Job>(`/jobs/${id}`).catch(() => null);
      if (mine === round.current && j?.writing)
        setPart({ text: t('import.writing'), part: j.writing });
    }
  }

  async function look() {
    if (!file) return;
    setError('');
    setCancelled(false);
    const mine = ++round.current;
    const gone = () => mine !== round.current;
    const tell = (text: string) => (p: number) => {
      if (!gone()) setPart({ text, part: p });
    };
    try {
      tell(t('import.sending'))(0);
      const q = new URLSearchParams({ name: file.name, mode });
      const made = await send<{ job: string }>(
        `/records/${r.id}/import?${q}`,
        file,
        tell(t('import.sending')),
      );
      const id = String(made.job);
      if (gone()) {
        await api.del(`/jobs/${id}`).catch(() => undefined); // asked for while the file went up
        throw stopped();
      }
      job.current = id;
      const j = await follow(id, tell(t('import.looking')), gone);
      setPart(null);
      setFound({ job: id, name: file.name, rows: j.rows ?? [], counts: j.counts ?? {} });
    } catch (e) {
      fail(e);
    }
  }
  async function write() {
    if (!found) return;
    setPart({ text: t('import.writing'), part: 0 });
    job.current = ''; // from now on it is whole or not at all
    void watch(found.job);
    try {
      const v = await api.post<Record<string, number> & { result?: Record<string, number> }>(
        `/records/${r.id}/import/${found.job}`,
      );
      setPart(null);
      setWritten(v.result ?? v);
    } catch (e) {
      fail(e);
    } finally {
      round.current += 1;
    }
  }
  const template = (format: string) =>
    url(`/records/${r.id}/template`, { format, lang: lang.value === 'zh' ? 'zh' : 'en' });
  return (
    <div class="desk">
      <div class="desk-head">
        <a class="btn plain" href={href(['registers', r.id])}>
          ◂ {pick(r.title)}
        </a>
        <h1 class="desk-title">{t('import.title')}</h1>
        {part && (
          <span class="row" role="status">
            {part.text} {Math.floor(part.part * 100)} %{' '}
            <progress max="1" value={part.part} aria-label={part.text} />
            {part.text !== t('import.writing') && (
              <button type="button" class="btn" onClick={stop}>
                {t('import.stop')}
              </button>
            )}
          </span>
        )}
      </div>
      {error && (
        <p class="error" role="alert">
          {error}
        </p>
      )}
      {cancelled && !part && (
        <p class="hint" role="status">
          {t('import.cancelled')}
        </p>
      )}
      {written ? (
        <div class="page" role="status">
          <h2>{t('import.done')}</h2>
          <p>
            {t('import.done.n', {
              n: written.created ?? 0,
              m: written.changed ?? 0,
              k: written.same ?? 0,
            })}
          </p>
          <a class="btn primary rr-start" href={href(['registers', r.id])}>
            {t('import.see')}
          </a>
        </div>
      ) : found ? (
        <Rows
          r={r}
          found={found}
          busy={!!part}
          onWrite={() => void write()}
          onBack={() => {
            drop();
            setFound(null);
          }}
        />
      ) : (
        <div class="page">
          <ol class="rr-steps">
            <li>
              {t('import.step1')}{' '}
              <a class="btn" href={template('xlsx')} download>
                XLSX
              </a>{' '}
              <a class="btn" href={template('csv')} download>
                CSV
              </a>
            </li>
            <li>
              {t('import.step2')}{' '}
              <label class="btn rg-file">
                {file ? file.name : t('import.choose')}
                <input
                  class="sr"
                  type="file"
                  aria-label={t('import.choose')}
                  accept=".xlsx,.csv"
                  onChange={(e) => setFile(e.currentTarget.files?.[0] ?? null)}
                />
              </label>
            </li>
            <li class="row wrap">
              {t('import.step3')}{' '}
              <SelectField
                bare
                label={t('import.mode')}
                value={mode}
                options={(['both', 'add', 'update'] as const).map((id) => ({
                  id,
                  title: t(`mode.${id}`),
                }))}
                onChange={(id) => setMode(id as Mode)}
              />
            </li>
            <li>
              {t('import.step4')}{' '}
              <button
                type="button"
                class="btn primary"
                disabled={!file || !!part}
                onClick={() => void look()}
              >
                {t('import.look')}
              </button>
            </li>
          </ol>
        </div>
      )}
    </div>
  );
}
