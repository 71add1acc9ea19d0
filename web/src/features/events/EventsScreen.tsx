// SPDX-License-Identifier: Apache-2.0
/** The log with its filters in the address; read page by page as the list is scrolled. */
import './events.css';
import { useEffect, useRef, useState } from 'preact/hooks';
import { api } from '../../api/client';
import type { JournalEvent } from '../../api/records';
import { can } from '../../api/session';
import { site } from '../../api/site';
import { live, world } from '../../api/world';
import { fullStamp } from '../../app/format';
import { route, setQuery } from '../../app/router';
import { point, select } from '../../app/selection';
import { saveCsv } from '../../records/csv';
import { byOf, describe, EVENT_TYPES, subjectOf, typeOf, typeWord } from '../../records/describe';
import { SpanFields } from '../../records/Parts';
import { PointPicker } from '../../records/PointPicker';
import { Dialog } from '../../ui/Dialog';
import { SelectField } from '../../ui/Field';
import { type Column, Table } from '../../ui/Table';
import { errorText, toastError } from '../../ui/Toast';
import { t } from './texts';

const DAY = 86_400_000;
const PAGE = 200;
const CSV_MAX = 20_000;

interface Pages {
  items: JournalEvent[];
  next: number | null;
  total: number;
  error: string;
  busy: boolean;
}

const NONE: Pages = { items: [], next: null, total: 0, error: '', busy: false };

type Query = Record<string, string>;

function spanOf(q: Query, now: number): [number, number] {
  const to = q.to ? Number(q.to) : now;
  return [q.from ? Number(q.from) : to - DAY, to];
}

function asked(q: Query, now: number): Query {
  const [from, to] = spanOf(q, now);
  const out: Query = { from: String(Math.round(from)), to: String(Math.round(to)) };
  for (const k of ['type', 'user', 'point', 'q']) if (q[k]) out[k] = q[k];
  return out;
}

function usePages(q: Query, round: number): Pages & { more: () => void } {
  const [state, setState] = useState<Pages>(NONE);
  const reading = useRef(0);
  const now = useRef(0);
  const key = JSON.stringify([q.from, q.to, q.type, q.user, q.point, q.q, round]);

  async function read(cursor: number | null, before: JournalEvent[]) {
    const mine = ++reading.current;
    setState((s) => ({ ...s, busy: true }));
    try {
      const page = await api.get<{ items: JournalEvent[]; next: number | null; total: number }>(
        '/events',
        {
          ...asked(q, now.current),
          limit: PAGE,
          cursor,
        },
      );
      if (mine !== reading.current) return;
      setState((s) => ({
        items: [...before, ...page.items],
        next: page.next ?? null,
        total: before.length ? s.total : page.total,
        error: '',
        busy: false,
      }));
    } catch (e) {
      if (mine === reading.current) setState((s) => ({ ...s, error: errorText(e), busy: false }));
    }
  }

  useEffect(() => {
    now.current = world.peek().now.peek() + 1000;
    setState(NONE);
    const timer = setTimeout(() => void read(null, []), 200);
    return () => {
      clearTimeout(timer);
      reading.current += 1;
    };
  }, [key]);

  return {
    ...state,
    more: () => void (state.next && !state.busy && read(state.next, state.items)),
  };
}

/** Counts what the stream told since the list was read. */
function useNews(round: number): number {
  const [n, setN] = useState(0);
  useEffect(() => {
    setN(0);
    const off = ['alarm', 'outcome', 'command'].map((type) =>
      live.on(type, () => setN((x) => x + 1)),
    );
    return () => {
      for (const f of off) f();
    };
  }, [round]);
  return n;
}

async function exportAll(q: Query): Promise<void> {
  try {
    const items = await api.all<JournalEvent>(
      '/events',
      { ...asked(q, world.peek().now.peek() + 1000), limit: 2000 },
      CSV_MAX,
    );
    saveCsv(
      'events',
      [
        t('col.seq'),
        t('col.time'),
        t('col.type'),
        t('col.subject'),
        '',
        t('col.what'),
        t('col.by'),
        'json',
      ],
      items.map((e) => {
        const id = subjectOf(e) ?? '';
        return [
          e.seq,
          fullStamp(e.time),
          typeWord(typeOf(e)),
          id,
          id && site.value.pointName(id),
          describe(e),
          byOf(e),
          JSON.stringify(e.body),
        ];
      }),
    );
  } catch (e) {
    toastError(e);
  }
}

/** A console's heartbeat is recorded but tells nobody anything. */
const isTelling = (e: JournalEvent) => e.body.verb !== 'console.hello';

function Subject({ e }: { e: JournalEvent }) {
  const id = subjectOf(e);
  if (id && site.value.pointById.has(id)) return <>{site.value.pointName(id)}</>;
  const where = typeof e.body.place === 'string' ? site.value.placeName(e.body.place) : '';
  return <span class="hint">{id ?? where}</span>;
}

const columns = (): Column<JournalEvent>[] => [
  { id: 'time', title: t('col.time'), width: '12.2rem', cell: (e) => fullStamp(e.time) },
  { id: 'type', title: t('col.type'), width: '7rem', cell: (e) => typeWord(typeOf(e)) },
  { id: 'subject', title: t('col.subject'), width: '13rem', cell: (e) => <Subject e={e} /> },
  { id: 'what', title: t('col.what'), cell: (e) => <span title={describe(e)}>{describe(e)}</span> },
  { id: 'by', title: t('col.by'), width: '9rem', cell: (e) => byOf(e) },
  {
    id: 'seq',
    title: t('col.seq'),
    width: '5.5rem',
    num: true,
    cell: (e) => <span class="hint">{e.seq}</span>,
  },
];

function Filters({ q, onRefresh, news }: { q: Query; onRefresh: () => void; news: number }) {
  const [from, to] = spanOf(q, world.value.now.peek());
  const types = EVENT_TYPES.map((id) => ({ id: id as string, title: typeWord(id) }));
  return (
    <div class="desk-bar">
      <SpanFields
        from={from}
        to={to}
        hours={[8, 24, 168]}
        now={Math.round(world.value.now.peek())}
        onChange={(a, b) => setQuery({ from: String(Math.round(a)), to: String(Math.round(b)) })}
      />
      <SelectField
        bare
        label={t('type')}
        value={q.type ?? ''}
        options={[{ id: '', title: t('type.all') }, ...types]}
        onChange={(type) => setQuery({ type })}
      />
      <input
        class="input events-user"
        aria-label={t('user')}
        placeholder={t('user')}
        value={q.user ?? ''}
        onChange={(e) => setQuery({ user: e.currentTarget.value.trim() })}
      />
      {q.point ? (
        <button
          type="button"
          class="btn"
          title={t('point.clear')}
          onClick={() => setQuery({ point: null })}
        >
          {t('point.is', { name: site.value.pointName(q.point) })} ✕
        </button>
      ) : (
        <PointPicker label={t('point')} onPick={(p) => setQuery({ point: p.id })} />
      )}
      <input
        class="input"
        type="search"
        aria-label={t('text')}
        placeholder={t('text')}
        value={q.q ?? ''}
        onChange={(e) => setQuery({ q: e.currentTarget.value.trim() })}
      />
      {news > 0 && !q.to && (
        <button type="button" class="btn primary" onClick={onRefresh}>
          {t('new', { n: news })}
        </button>
      )}
    </div>
  );
}

function Detail({ e, onClose }: { e: JournalEvent; onClose: () => void }) {
  const id = subjectOf(e);
  return (
    <Dialog title={t('detail', { seq: e.seq })} onClose={onClose}>
      <p>
        <time class="hint">{fullStamp(e.time)}</time> <b>{typeWord(typeOf(e))}</b> {describe(e)}{' '}
        {byOf(e) && `— ${byOf(e)}`}
      </p>
      {id && site.value.pointById.has(id) && (
        <p>
          <a href={`#/point/${encodeURIComponent(id)}`}>{site.value.pointName(id)}</a>
        </p>
      )}
      {typeof e.body.recording === 'string' && can('call.hear') && (
        // biome-ignore lint/a11y/useMediaCaption: a recorded call has no captions
        <audio controls src={`api/v1/recordings/${e.seq}`} aria-label={t('recording')} />
      )}
      <pre class="events-json">{JSON.stringify(e.body, null, 2)}</pre>
    </Dialog>
  );
}

export default function EventsScreen() {
  const q = route.value.query;
  const [round, setRound] = useState(0);
  const pages = usePages(q, round);
  const news = useNews(round);
  const [chosen, setChosen] = useState<ReadonlySet<string | number>>(new Set());
  const [detail, setDetail] = useState<JournalEvent | null>(null);
  return (
    <div class="desk">
      <div class="desk-head">
        <h1 class="desk-title">{t('title')}</h1>
        <span class="grow hint" role="status">
          {pages.busy ? t('reading') : t('count', { n: pages.items.length, total: pages.total })}
        </span>
        <button type="button" class="btn" onClick={() => void exportAll(q)}>
          {t('csv')}
        </button>
      </div>
      <Filters q={q} news={news} onRefresh={() => setRound((n) => n + 1)} />
      <div class="desk-body fill">
        {pages.error ? (
          <p class="error" role="alert">
            {pages.error}
          </p>
        ) : (
          <Table
            label={t('title')}
            columns={columns()}
            rows={pages.items.filter(isTelling)}
            rowKey={(e) => e.seq}
            selected={chosen}
            onSelect={(keys, e) => {
              setChosen(keys);
              const id = subjectOf(e);
              if (id && site.value.pointById.has(id)) select(point(id));
            }}
            onOpen={setDetail}
            onEnd={pages.more}
            empty={pages.busy ? t('reading') : t('empty')}
          />
        )}
      </div>
      {detail && <Detail e={detail} onClose={() => setDetail(null)} />}
    </div>
  );
}
