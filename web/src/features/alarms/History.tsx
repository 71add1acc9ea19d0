// SPDX-License-Identifier: Apache-2.0
/** Past alarms, read page by page as the list is scrolled. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { api } from '../../api/client';
import type { Alarm, AlarmPage } from '../../api/model';
import { site } from '../../api/site';
import { world } from '../../api/world';
import { fromInput, fullStamp, toInput } from '../../app/format';
import { setQuery } from '../../app/router';
import { download } from '../../ui/download';
import { priorityWord, stateWord } from '../../ui/Tag';
import { toastError } from '../../ui/Toast';
import type { Filter } from './rows';
import { t } from './texts';

const DAY = 86_400_000;
const PAGE = 200;

function spanOf(query: Record<string, string>): [number, number] {
  const now = world.value.now.peek();
  const to = query.to ? Number(query.to) : now;
  return [query.from ? Number(query.from) : to - DAY, to];
}

export function useHistory(
  on: boolean,
  query: Record<string, string>,
  filter: Filter,
): { items: readonly Alarm[]; more: () => void } {
  const [state, setState] = useState<{ items: Alarm[]; next: string | null }>({
    items: [],
    next: null,
  });
  const reading = useRef(0);
  const key = on
    ? JSON.stringify([query.from, query.to, query.priority, filter.place, filter.q])
    : '';

  async function read(cursor: string | undefined, before: Alarm[]) {
    const mine = ++reading.current;
    const [from, to] = spanOf(query);
    try {
      const page = await api.get<AlarmPage>('/alarms', {
        state: 'history',
        from: Math.round(from),
        to: Math.round(to),
        priority: query.priority,
        place: filter.place,
        q: filter.q,
        limit: PAGE,
        cursor,
      });
      if (mine === reading.current)
        setState({ items: [...before, ...page.items], next: page.next ?? null });
    } catch (e) {
      if (mine === reading.current) toastError(e);
    }
  }

  // read anew when what is asked changes
  useEffect(() => {
    setState({ items: [], next: null });
    if (on) void read(undefined, []);
  }, [key]);

  return {
    items: state.items,
    more: () => {
      if (on && state.next) void read(state.next, state.items);
    },
  };
}

function csv(items: readonly Alarm[]): string {
  const quote = (v: unknown) => `"${String(v ?? '').replaceAll('"', '""')}"`;
  const head = [
    t('col.level'),
    t('col.time'),
    t('col.point'),
    t('col.alarm'),
    t('col.value'),
    t('col.limit'),
    t('col.state'),
    t('cleared'),
    t('acked'),
    t('col.by'),
  ];
  const lines = items.map((a) =>
    [
      priorityWord(a.priority),
      fullStamp(a.raised),
      `${a.point} ${site.value.alarmName(a)}`,
      site.value.alarmTitle(a),
      a.value,
      a.limit,
      stateWord(a.state),
      a.cleared ? fullStamp(a.cleared) : '',
      a.acked ? fullStamp(a.acked) : '',
      a.by,
    ]
      .map(quote)
      .join(','),
  );
  return `\ufeff${[head.map(quote).join(','), ...lines].join('\r\n')}\r\n`;
}

export function HistoryFilter({
  query,
  items,
}: {
  query: Record<string, string>;
  items: readonly Alarm[];
}) {
  const [from, to] = spanOf(query);
  const field = (name: 'from' | 'to', value: number) => (
    <label class="row">
      <span class="hint">{t(`filter.${name}`)}</span>
      <input
        class="input"
        type="datetime-local"
        value={toInput(value).slice(0, 16)}
        onChange={(e) => {
          const ms = fromInput(e.currentTarget.value);
          setQuery({ [name]: ms === null ? null : String(ms) });
        }}
      />
    </label>
  );
  return (
    <>
      {field('from', from)}
      {field('to', to)}
      <button
        type="button"
        class="btn"
        onClick={() => download('alarms.csv', 'text/csv', csv(items))}
      >
        {t('csv')}
      </button>
      <button type="button" class="btn" onClick={() => print()}>
        {t('print')}
      </button>
    </>
  );
}
