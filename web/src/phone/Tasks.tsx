// SPDX-License-Identifier: Apache-2.0
/** What is assigned to me, the most urgent first; all of it is on the phone. */
import { type Record_, registerOf, stateOf } from '../api/room';
import { site } from '../api/site';
import { hm, monthDay } from '../app/format';
import { pick } from '../app/i18n';
import { dueText } from '../registers/value';
import { caseKey, cases, queue, syncError, syncedAt, who } from './state';
import { t } from './texts';

const openKind = (r: Record_) => {
  const k = stateOf(registerOf(r.register), r.state)?.kind;
  return !r.ended && k !== 'done' && k !== 'void';
};

export function myTasks(): Record_[] {
  return cases.value
    .filter((r) => openKind(r) && r.owner === who.value?.user)
    .sort((a, b) => (a.due ?? Infinity) - (b.due ?? Infinity) || a.id - b.id);
}

function Task({ r }: { r: Record_ }) {
  const now = Date.now();
  const late = !!r.due && r.due < now;
  const state = stateOf(registerOf(r.register), r.state);
  const about = caseKey(r.register ?? '', r.id);
  const waits = queue.value.filter((e) => e.about === about);
  return (
    <li>
      <a class={`ph-task${late ? ' late' : ''}`} href={`#/case/${about}`}>
        <b>{r.label || r.key}</b>
        <span class="row">
          <span class="grow ellipsis">{site.value.placeName(r.place ?? undefined)}</span>
          <span class="mark">{pick(state?.title)}</span>
        </span>
        <span class="row">
          <span class="grow">
            {late && <b aria-hidden="true">! </b>}
            {late ? <b>{dueText(r.due, now)}</b> : dueText(r.due, now)}
          </span>
          {waits.length > 0 && <span class="ph-waits">{t('task.waits', { n: waits.length })}</span>}
        </span>
      </a>
    </li>
  );
}

export function Tasks() {
  const list = myTasks();
  const late = list.filter((r) => r.due && r.due < Date.now()).length;
  return (
    <div class="stack pad">
      <h1>{t('tasks', { n: list.length })}</h1>
      <p class="hint" role="status">
        {late > 0 && <b>{t('tasks.late', { n: late })} </b>}
        {syncedAt.value
          ? t('synced', { at: `${monthDay(syncedAt.value)} ${hm(syncedAt.value)}` })
          : t('synced.never')}
      </p>
      {syncError.value && (
        <p class="error" role="alert">
          {syncError.value}
        </p>
      )}
      <ul class="ph-list">
        {list.map((r) => (
          <Task key={`${r.register}${r.id}`} r={r} />
        ))}
      </ul>
      {list.length === 0 && <p>{t('tasks.none')}</p>}
    </div>
  );
}
