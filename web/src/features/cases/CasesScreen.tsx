// SPDX-License-Identifier: Apache-2.0
import './cases.css';
import { useState } from 'preact/hooks';
import { type Case, room, workflowOf } from '../../api/room';
import { canAct, live, replaying } from '../../api/world';
import { pick } from '../../app/i18n';
import { route, setQuery } from '../../app/router';
import { Waiting } from '../../records/Parts';
import { useHeard, useRead } from '../../records/use';
import { SelectField } from '../../ui/Field';
import { Tabs } from '../../ui/Tabs';
import { Board } from './Board';
import { CaseList } from './CaseList';
import { CasePane } from './CasePane';
import { Month } from './Month';
import { byUrgency, casesOf, isLate, isMine, isOpen, type CaseList as List } from './state';
import { t } from './texts';

const VIEWS = ['board', 'list', 'month'] as const;
type View = (typeof VIEWS)[number];
type Show = 'all' | 'mine' | 'late';

function matches(c: Case, words: string): boolean {
  const text = `${c.key} ${c.label}`.toLowerCase();
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((w) => text.includes(w));
}

interface Open {
  workflow: string;
  open: number;
}

/** The workflow that has most to be done: what the board opens on. */
function busiest(counts: readonly Open[] | null | undefined): string | undefined {
  const most = [...(counts ?? [])].sort((a, b) => b.open - a.open)[0];
  return most && most.open > 0 ? most.workflow : undefined;
}

export default function CasesScreen() {
  const q = route.value.query;
  const view: View = VIEWS.find((v) => v === q.view) ?? 'board';
  const show = (q.show ?? 'all') as Show;
  const counts = useRead<Open[]>(q.flow ? null : '/cases/counts', {});
  const flow = workflowOf(q.flow) ?? workflowOf(busiest(counts.data)) ?? room.value.workflows[0];
  const [words, setWords] = useState('');
  const [chosen, setChosen] = useState<Case | null>(null);
  const read = useRead<List>(q.flow || counts.data || counts.error ? '/cases' : null, {
    workflow: flow?.id,
    limit: 2000,
  });
  const over = flow?.states.filter((x) => x.kind === 'done' || x.kind === 'void') ?? [];
  const done = useRead<List>(q.done && over[0] ? '/cases' : null, {
    workflow: flow?.id,
    state: over[0]?.id,
    limit: 500,
  });
  const gone = useRead<List>(q.done && over[1] ? '/cases' : null, {
    workflow: flow?.id,
    state: over[1]?.id,
    limit: 500,
  });
  useHeard(['record'], () => {
    read.again();
    done.again();
    gone.again();
  });
  const now = live.now.value;
  const closed = q.done ? [...casesOf(done.data), ...casesOf(gone.data)] : [];
  const all = [...casesOf(read.data), ...closed]
    .filter((c) => !c.ended && matches(c, words))
    .sort(byUrgency);
  const open = all.filter(isOpen);
  const keep = (c: Case) => (show === 'mine' ? isMine(c) : show === 'late' ? isLate(c, now) : true);
  const list = (q.done || view === 'board' ? all : open).filter(keep);
  const current = chosen ? (all.find((c) => c.id === chosen.id) ?? chosen) : null;
  const tab = (id: Show, n: number) => ({ id, title: t(id, { n }) });
  return (
    <div class={`cs${current ? ' cs-with' : ''}`}>
      <div class="desk">
        <div class="desk-head">
          <h1 class="sr">{t('title')}</h1>
          <Tabs
            label={t('title')}
            current={show}
            tabs={[
              tab('mine', open.filter(isMine).length),
              tab('late', open.filter((c) => isLate(c, now)).length),
              tab('all', open.length),
            ]}
            onChange={(id) => setQuery({ show: id === 'all' ? null : id })}
          />
          <span class="grow" />
          {replaying.value && <span class="hint">{t('past')}</span>}
          <a class="btn plain" href="phone">
            {t('phone')}
          </a>
          <a class="btn plain" href="phone#/trust">
            {t('phone.trust')}
          </a>
          {VIEWS.map((v) => (
            <button
              key={v}
              type="button"
              class="btn"
              aria-pressed={v === view}
              onClick={() => setQuery({ view: v === 'board' ? null : v })}
            >
              {t(`view.${v}`)}
            </button>
          ))}
        </div>
        <div class="desk-bar">
          {room.value.workflows.length > 1 && (
            <SelectField
              bare
              label={t('workflow')}
              value={flow?.id ?? ''}
              options={room.value.workflows.map((w) => ({ id: w.id, title: pick(w.title) }))}
              onChange={(id) => setQuery({ flow: id })}
            />
          )}
          <input
            class="input"
            type="search"
            aria-label={t('find')}
            placeholder={t('find')}
            value={words}
            onInput={(e) => setWords(e.currentTarget.value)}
          />
          <label class="check">
            <input
              type="checkbox"
              checked={!!q.done}
              onChange={(e) => setQuery({ done: e.currentTarget.checked ? '1' : null })}
            />
            <span>{t('done.show')}</span>
          </label>
          {view === 'board' && <span class="hint">{t('drag')}</span>}
        </div>
        <div class={`desk-body ${view === 'month' ? '' : 'fill'}`}>
          <Waiting read={read}>
            {view === 'board' && flow && (
              <Board
                flow={flow}
                list={list}
                done={!!q.done}
                acts={canAct.value}
                chosen={current}
                choose={setChosen}
                again={read.again}
              />
            )}
            {view === 'list' && <CaseList list={list} chosen={current} choose={setChosen} />}
            {view === 'month' && <Month list={list} choose={setChosen} />}
          </Waiting>
        </div>
      </div>
      {current && (
        <CasePane key={current.id} c={current} onClose={() => setChosen(null)} again={read.again} />
      )}
    </div>
  );
}
