// SPDX-License-Identifier: Apache-2.0
import './alarms.css';
import { useEffect, useRef, useState } from 'preact/hooks';
import { isUnacked } from '../../api/alarms';
import type { Alarm, Priority } from '../../api/model';
import { site } from '../../api/site';
import { world } from '../../api/world';
import { decimalsOf, hm, hms, monthDay, num, span, stamp } from '../../app/format';
import { lang } from '../../app/i18n';
import { useKey } from '../../app/keys';
import { route, setQuery } from '../../app/router';
import { alarm, alarmSelection, select, selection } from '../../app/selection';
import { AlarmNow, alarmValue } from '../../app/shell/Strip';
import { CheckField, SelectField } from '../../ui/Field';
import { type Column, Table } from '../../ui/Table';
import { Tabs } from '../../ui/Tabs';
import { AlarmTag, priorityWord, stateWord, Tag } from '../../ui/Tag';
import AlarmCard from './AlarmCard';
import { HistoryFilter, useHistory } from './History';
import { KpiLine } from './KpiLine';
import {
  type Filter,
  fold,
  groupOf,
  hold,
  inTab,
  keeps,
  lasted,
  type Row,
  readFilter,
  TABS,
  type Tab,
} from './rows';
import { t } from './texts';

function limitText(a: Alarm): string {
  if (a.limit === undefined || a.limit === null) return '';
  const p = site.value.pointById.get(a.point);
  return num(a.limit, decimalsOf(p?.resolution ?? 0.01));
}

function toggled(set: ReadonlySet<Priority>, p: Priority): string {
  const next = new Set(set);
  if (!next.delete(p)) next.add(p);
  return [...next].sort().join(',');
}

function CountFilters({ alarms, filter }: { alarms: readonly Alarm[]; filter: Filter }) {
  const byPriority: Record<Priority, number> = { 1: 0, 2: 0, 3: 0, 4: 0 };
  const byGroup = new Map<string, number>();
  for (const a of alarms) {
    byPriority[a.priority] += 1;
    const g = groupOf(a, site.value);
    byGroup.set(g, (byGroup.get(g) ?? 0) + 1);
  }
  const groups = [...byGroup].sort((a, b) => b[1] - a[1]).slice(0, 7);
  return (
    <div class="row wrap alarm-counts">
      {([1, 2, 3, 4] as Priority[]).map((p) => (
        <button
          key={p}
          type="button"
          class="btn plain"
          aria-pressed={filter.priorities.has(p)}
          title={priorityWord(p)}
          onClick={() => setQuery({ priority: toggled(filter.priorities, p) })}
        >
          <Tag severity={p} text={String(byPriority[p])} hollow={byPriority[p] === 0} />
        </button>
      ))}
      <span class="sep" />
      {groups.map(([g, n]) => (
        <button
          key={g}
          type="button"
          class="btn plain"
          aria-pressed={filter.group === g}
          onClick={() => setQuery({ group: filter.group === g ? null : g })}
        >
          {site.value.groupTitle(g)} {n}
        </button>
      ))}
    </div>
  );
}

function placeOptions(): { id: string; title: string }[] {
  const out = [{ id: '', title: t('filter.all.place') }];
  const walk = (id: string, depth: number) => {
    if (depth > 3) return;
    out.push({ id, title: `${'　'.repeat(depth)}${site.value.placeName(id)}` });
    for (const c of site.value.childrenOf(id)) walk(c, depth + 1);
  };
  for (const p of site.value.places.values()) if (!p.parent) walk(p.id, 0);
  return out;
}

function Filters({
  filter,
  folded,
  onFold,
}: {
  filter: Filter;
  folded: boolean;
  onFold: (on: boolean) => void;
}) {
  const groups = (site.value.site.groups ?? []).map((g) => ({
    id: g.id,
    title: site.value.groupTitle(g.id),
  }));
  return (
    <>
      <SelectField
        bare
        label={t('filter.place')}
        value={filter.place}
        options={placeOptions()}
        onChange={(place) => setQuery({ place })}
      />
      <SelectField
        bare
        label={t('filter.group')}
        value={filter.group}
        options={[{ id: '', title: t('filter.all.group') }, ...groups]}
        onChange={(group) => setQuery({ group })}
      />
      <CheckField
        label={t('filter.unacked')}
        checked={filter.unacked}
        onChange={(on) => setQuery({ unacked: on ? '1' : null })}
      />
      <CheckField label={t('filter.fold')} checked={folded} onChange={onFold} />
      <input
        class="input"
        type="search"
        aria-label={t('filter')}
        placeholder={t('filter')}
        value={filter.q}
        onInput={(e) => setQuery({ q: e.currentTarget.value })}
      />
    </>
  );
}

/** Today by the second, before that by day and minute. */
function recent(ms: number, now: number): string {
  return monthDay(ms) === monthDay(now) ? hms(ms) : `${monthDay(ms)} ${hm(ms)}`;
}

const FILTERS = ['priority', 'group', 'place', 'unacked', 'q'] as const;

/** Why the list is empty: that nothing is there, or that the filter hides what is. */
function Empty({ tab, hidden }: { tab: Tab; hidden: number }) {
  if (!hidden) return <>{t(tab === 'active' ? 'none' : `none.${tab}`)}</>;
  const clear = () => setQuery(Object.fromEntries(FILTERS.map((f) => [f, null])));
  return (
    <span class="row">
      <b>{t('none.filtered', { n: hidden })}</b>
      <button type="button" class="btn" onClick={clear}>
        {t('filter.clear')}
      </button>
    </span>
  );
}

function columns(tab: Tab, open: ReadonlySet<number>, toggle: (id: number) => void): Column<Row>[] {
  const s = site.value;
  const now = world.value.now.value;
  const en = lang.value !== 'zh';
  const cols: Column<Row>[] = [
    {
      id: 'level',
      title: t('col.level'),
      width: '2.8rem',
      cell: (r) => <AlarmTag alarm={r.alarm} />,
      sort: (a, b) => a.alarm.priority - b.alarm.priority,
    },
    {
      id: 'time',
      title: t('col.time'),
      width: tab === 'history' ? '9.5rem' : '6.3rem',
      cell: (r) => (tab === 'history' ? stamp(r.alarm.raised) : recent(r.alarm.raised, now)),
      sort: (a, b) => a.alarm.raised - b.alarm.raised,
    },
    {
      id: 'point',
      title: t('col.point'),
      cell: (r) => (
        <span class={r.child ? 'child' : ''}>
          {r.followers > 0 && (
            <button
              type="button"
              class="fold"
              aria-expanded={open.has(r.alarm.id)}
              onClick={(e) => {
                e.stopPropagation();
                toggle(r.alarm.id);
              }}
            >
              {open.has(r.alarm.id) ? '▾' : '▸'} {t('followers', { n: r.followers })}
            </button>
          )}
          <b>{s.alarmName(r.alarm)}</b> <span class="hint">{s.alarmPlace(r.alarm)}</span>
        </span>
      ),
      sort: (a, b) => s.alarmName(a.alarm).localeCompare(s.alarmName(b.alarm)),
    },
    {
      id: 'alarm',
      title: t('col.alarm'),
      width: en ? '12.2rem' : '11rem',
      cell: (r) => s.alarmTitle(r.alarm),
    },
    {
      id: 'value',
      title: t('col.value'),
      width: '8.6rem',
      num: true,
      cell: (r) => (tab === 'history' ? alarmValue(r.alarm) : <AlarmNow alarm={r.alarm} />),
    },
    {
      id: 'limit',
      title: t('col.limit'),
      width: '4.7rem',
      num: true,
      cell: (r) => limitText(r.alarm),
    },
    {
      id: 'state',
      title: t('col.state'),
      width: en ? '9.4rem' : '7rem',
      cell: (r) => stateWord(r.alarm.state),
      sort: (a, b) => a.alarm.state.localeCompare(b.alarm.state),
    },
  ];
  if (tab === 'shelved') {
    cols.push({
      id: 'until',
      title: t('col.until'),
      width: '9rem',
      cell: (r) => (r.alarm.until ? stamp(r.alarm.until) : ''),
    });
  } else {
    cols.push({
      id: 'dur',
      title: t('col.dur'),
      width: '5.4rem',
      num: true,
      cell: (r) => span(lasted(r.alarm, now)),
      sort: (a, b) => lasted(a.alarm, now) - lasted(b.alarm, now),
    });
  }
  cols.push({ id: 'by', title: t('col.by'), width: '3.8rem', cell: (r) => r.alarm.by ?? '' });
  return cols;
}

/** Rows that stay put while somebody works in the list. */
function useHeld(
  rows: Row[],
  busy: boolean,
  signature: string,
): { rows: Row[]; waiting: number; release: () => void } {
  const held = useRef<{ rows: Row[]; signature: string } | null>(null);
  const [, redraw] = useState(0);
  // an empty list is never held: "no alarms" has to be true
  const empty = !held.current?.rows.length;
  if (!busy || empty || held.current?.signature !== signature) held.current = { rows, signature };
  const view = hold(held.current.rows, rows);
  if (!busy) return { rows, waiting: 0, release: () => undefined };
  return {
    ...view,
    release: () => {
      held.current = null;
      redraw((n) => n + 1);
    },
  };
}

export default function AlarmsScreen() {
  const query = route.value.query;
  const tab = (TABS.includes(query.tab as Tab) ? query.tab : 'active') as Tab;
  const filter = readFilter(query);
  const [folded, setFolded] = useState(true);
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set());
  const [busy, setBusy] = useState(false);
  const history = useHistory(tab === 'history', query, filter);
  const all = world.value.alarms.list.value;
  const inThisTab = tab === 'history' ? history.items : all.filter((a) => inTab(a, tab));
  const shown = inThisTab.filter(keeps(filter, site.value));
  const held = useHeld(
    fold(shown, open, folded && tab === 'active'),
    busy && tab !== 'history',
    JSON.stringify([query, folded, [...open]]),
  );
  useKey('.', () => t('new.key'), held.release);

  useEffect(() => {
    if (selection.value?.kind !== 'alarm' && shown[0]) select(alarm(shown[0].id));
  }, [tab, shown.length === 0]);
  useEffect(
    () => () => {
      alarmSelection.value = new Set();
    },
    [],
  );

  const count = (x: Tab) => all.filter((a) => inTab(a, x)).length;
  const picked = selection.value?.kind === 'alarm' ? Number(selection.value.id) : 0;
  const ticked = alarmSelection.value.has(picked) ? alarmSelection.value : new Set([picked]);
  const toggle = (id: number) =>
    setOpen((o) => {
      const next = new Set(o);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  const pickedAlarm = inThisTab.find((a) => a.id === picked);

  return (
    <div class="alarms">
      <h1 class="sr">{t('title')}</h1>
      <div class="alarms-head">
        <Tabs
          label={t('tabs')}
          current={tab}
          onChange={(id) => setQuery({ tab: id })}
          tabs={TABS.map((x) => ({
            id: x,
            title: x === 'history' ? t('tab.history') : `${t(`tab.${x}`)} ${count(x)}`,
          }))}
        />
        <CountFilters alarms={inThisTab} filter={filter} />
      </div>
      <div class="row wrap alarms-filters">
        <Filters filter={filter} folded={folded} onFold={setFolded} />
        {tab === 'history' ? <HistoryFilter query={query} items={shown} /> : <KpiLine />}
      </div>
      <div class="alarms-body">
        <div class="alarms-list">
          {held.waiting > 0 && (
            <button type="button" class="btn newbar" onClick={held.release}>
              {t('new', { n: held.waiting })}
              <kbd>.</kbd>
            </button>
          )}
          <Table
            label={t('title')}
            columns={columns(tab, open, toggle)}
            rows={held.rows}
            rowKey={(r) => r.alarm.id}
            selected={ticked}
            onSelect={(keys, lead) => {
              alarmSelection.value = new Set([...keys].map(Number));
              select(alarm(lead.alarm.id));
            }}
            rowClass={(r) => (isUnacked(r.alarm) ? 'unacked' : '')}
            onBusy={setBusy}
            onEnd={history.more}
            empty={<Empty tab={tab} hidden={inThisTab.length} />}
          />
        </div>
        <aside class="alarms-pane panel" aria-label={t('title')}>
          {picked ? (
            <AlarmCard target={alarm(picked)} known={pickedAlarm} />
          ) : (
            <p class="pad hint">{t('pick')}</p>
          )}
        </aside>
      </div>
    </div>
  );
}
