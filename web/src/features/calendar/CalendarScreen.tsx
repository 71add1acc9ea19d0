// SPDX-License-Identifier: Apache-2.0
import './calendar.css';
import { useState } from 'preact/hooks';
import { personName } from '../../api/room';
import { can } from '../../api/session';
import { canAct, live } from '../../api/world';
import { day } from '../../app/format';
import { route, setQuery } from '../../app/router';
import { useAsk } from '../../records/Ask';
import { Waiting } from '../../records/Parts';
import { useHeard, useRead } from '../../records/use';
import { t } from './texts';
import { title as name } from './title';

interface Day {
  day: string;
  working: boolean;
  note?: string | null;
  /** Who set it. */
  by?: string | null;
  source?: { standard: string; edition?: string; verified: boolean };
}

function sourceText(d: Day): string {
  if (d.by) return personName(d.by);
  if (!d.source) return '';
  const { standard, edition, verified } = d.source;
  return [standard, edition, verified ? '' : t('unverified')].filter(Boolean).join(' · ');
}

const listed = (d: Day) => !!(sourceText(d) || d.note);
const lead = (d: string) => (new Date(`${d}T00:00:00Z`).getUTCDay() + 6) % 7;
const word = (d: Day) => t(d.working ? 'work' : 'off');

function title(d: Day): string {
  const source = sourceText(d);
  const tail = source ? t('source', { source }) : listed(d) ? '' : t('nosource');
  return [t('day', { day: d.day, word: word(d) }), d.note, tail].filter(Boolean).join(' · ');
}

interface MonthProps {
  n: number;
  days: readonly Day[];
  today: string;
  chosen: string;
  choose: (d: Day) => void;
}

function Month({ n, days, today, chosen, choose }: MonthProps) {
  return (
    <section class="cal-month panel" aria-label={t('month', { m: n })}>
      <h2>{t('month', { m: n })}</h2>
      <div class="cal-grid">
        {[...t('wd')].slice(0, 7).map((w, i) => (
          <span key={i} class="hint" aria-hidden="true">
            {w}
          </span>
        ))}
        {days.map((d, i) => (
          <button
            key={d.day}
            type="button"
            class={`cal-day${d.working ? '' : ' off'}${listed(d) ? ' listed' : ''}${d.day === today ? ' now' : ''}`}
            style={i === 0 ? { gridColumnStart: lead(d.day) + 1 } : {}}
            aria-pressed={chosen === d.day}
            title={title(d)}
            onClick={() => choose(d)}
          >
            <span aria-hidden="true">{Number(d.day.slice(8))}</span>
            <span class="sr">{title(d)}</span>
          </button>
        ))}
      </div>
    </section>
  );
}

export default function CalendarScreen() {
  const today = day(live.now.value || Date.now());
  const year = Number(route.value.query.year ?? today.slice(0, 4));
  const read = useRead<Day[] | { items: Day[] }>('/calendar', { year });
  useHeard(['calendar'], () => read.again());
  const [chosen, setChosen] = useState('');
  const [ask, dialog] = useAsk();
  const days = read.data ? (Array.isArray(read.data) ? read.data : read.data.items) : [];
  const one = days.find((d) => d.day === chosen);
  const set = (d: Day, working: boolean | null, what: string) =>
    ask({
      title: t('set.ask', { day: d.day, word: what }),
      verb: 'calendar.set',
      fields: [{ name: 'note', label: t('note'), kind: 'area', optional: working === null }],
      args: (v) => ({ day: d.day, working, note: v.note }),
      done: read.again,
    });
  const show = (y: number) => setQuery({ year: String(y) });
  return (
    <div class="desk">
      <div class="desk-head">
        <h1 class="desk-title">{name()}</h1>
        <button type="button" class="btn" aria-label={t('before')} onClick={() => show(year - 1)}>
          ◀
        </button>
        <b>{t('year', { y: year })}</b>
        <button type="button" class="btn" aria-label={t('after')} onClick={() => show(year + 1)}>
          ▶
        </button>
        <span class="hint" role="status">
          {t('summary', {
            n: days.filter((d) => d.working).length,
            m: days.filter((d) => !d.working).length,
            k: days.filter(listed).length,
          })}
        </span>
        {days.some((d) => d.source && !d.source.verified) && (
          <span role="note" title={t('unverified.why')}>
            <span class="mark">{t('unverified')}</span>{' '}
            <span class="hint">{t('unverified.why')}</span>
          </span>
        )}
      </div>
      <div class="desk-bar cal-bar">
        <span class="cal-day off" aria-hidden="true" /> {t('off')}
        <span class="cal-day listed" aria-hidden="true" /> {t('listed')}
        <span class="hint">{t('default')}</span>
        {one && (
          <span class="row wrap cal-one" role="status">
            <b>{title(one)}</b>
            {can('calendar.write') && (
              <>
                {t('set')}
                {!one.working && (
                  <button
                    type="button"
                    class="btn"
                    disabled={!canAct.value}
                    onClick={() => set(one, true, t('set.work'))}
                  >
                    {t('set.work')}
                  </button>
                )}
                {one.working && (
                  <button
                    type="button"
                    class="btn"
                    disabled={!canAct.value}
                    onClick={() => set(one, false, t('set.off'))}
                  >
                    {t('set.off')}
                  </button>
                )}
                <button
                  type="button"
                  class="btn plain"
                  disabled={!canAct.value}
                  onClick={() => set(one, null, t('set.default'))}
                >
                  {t('set.default')}
                </button>
              </>
            )}
          </span>
        )}
      </div>
      <div class="desk-body">
        <Waiting read={read}>
          <div class="cal-year">
            {Array.from({ length: 12 }, (_, i) => (
              <Month
                key={i}
                n={i + 1}
                days={days.filter((d) => Number(d.day.slice(5, 7)) === i + 1)}
                today={today}
                chosen={chosen}
                choose={(d) => setChosen(d.day)}
              />
            ))}
          </div>
          <h2 class="cal-head">{t('sources')}</h2>
          <ul class="cal-list">
            {days.filter(listed).map((d) => (
              <li key={d.day}>
                {d.day} <b>{word(d)}</b> {d.note} <span class="hint">{sourceText(d)}</span>
              </li>
            ))}
          </ul>
        </Waiting>
      </div>
      {dialog}
    </div>
  );
}
