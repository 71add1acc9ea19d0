// SPDX-License-Identifier: Apache-2.0
/** A month with its working days and what is due on each. */
import type { Case } from '../../api/room';
import { live } from '../../api/world';
import { day } from '../../app/format';
import { route, setQuery } from '../../app/router';
import { useRead } from '../../records/use';
import { isLate, isMine } from './state';
import { t } from './texts';

export interface CalendarDay {
  day: string;
  working: boolean;
  note?: string;
  source?: string;
}

const DAY = 86_400_000;
const IN_CELL = 4;

/** Deadlines fall at 24:00: they belong to the day that ends then. */
const dueDay = (c: Case) => day((c.due ?? 0) - 1);

function monthOf(text: string): [number, number] {
  const [y, m] = text.split('-').map(Number);
  return [y ?? 2026, m ?? 1];
}

function moved([y, m]: [number, number], by: number): string {
  const d = new Date(Date.UTC(y, m - 1 + by, 1));
  return d.toISOString().slice(0, 7);
}

/** Monday first; days before and after fill the weeks. */
export function weeks(y: number, m: number): string[][] {
  const first = Date.UTC(y, m - 1, 1);
  const lead = (new Date(first).getUTCDay() + 6) % 7;
  const days = new Date(Date.UTC(y, m, 0)).getUTCDate();
  const n = Math.ceil((lead + days) / 7);
  return Array.from({ length: n }, (_, w) =>
    Array.from({ length: 7 }, (_, d) =>
      new Date(first + (w * 7 + d - lead) * DAY).toISOString().slice(0, 10),
    ),
  );
}

export function Month({ list, choose }: { list: readonly Case[]; choose: (c: Case) => void }) {
  const today = day(live.now.value);
  const month = route.value.query.month ?? today.slice(0, 7);
  const [y, m] = monthOf(month);
  const read = useRead<CalendarDay[] | { items: CalendarDay[] }>('/calendar', { year: y });
  const days = new Map(
    (read.data ? (Array.isArray(read.data) ? read.data : read.data.items) : []).map((d) => [
      d.day,
      d,
    ]),
  );
  const byDay = new Map<string, Case[]>();
  for (const c of list) if (c.due) byDay.set(dueDay(c), [...(byDay.get(dueDay(c)) ?? []), c]);
  const show = (x: string) => setQuery({ month: x });
  return (
    <div class="cs-month">
      <div class="row">
        <button
          type="button"
          class="btn"
          aria-label={t('month.back')}
          onClick={() => show(moved([y, m], -1))}
        >
          ◀
        </button>
        <h2>{t('month.label', { y, m })}</h2>
        <button
          type="button"
          class="btn"
          aria-label={t('month.next')}
          onClick={() => show(moved([y, m], 1))}
        >
          ▶
        </button>
        <button type="button" class="btn plain" onClick={() => setQuery({ month: null })}>
          {t('month.this')}
        </button>
        <a href="#/calendar">{t('month.year')}</a>
      </div>
      <table>
        <thead>
          <tr>
            {([1, 2, 3, 4, 5, 6, 7] as const).map((d) => (
              <th key={d} scope="col">
                {t(`wd.${d}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {weeks(y, m).map((w) => (
            <tr key={w[0]}>
              {w.map((d) => {
                const info = days.get(d);
                const here = byDay.get(d) ?? [];
                const away = !d.startsWith(month);
                return (
                  <td
                    key={d}
                    class={`${info && !info.working ? 'off' : ''}${away ? ' away' : ''}${d === today ? ' now' : ''}`}
                  >
                    <p class="row" title={info?.note}>
                      <b>{Number(d.slice(8))}</b>
                      {info?.note && <span class="mark">{t(info.working ? 'on' : 'off')}</span>}
                    </p>
                    {here.slice(0, IN_CELL).map((c) => (
                      <button
                        key={c.id}
                        type="button"
                        class={`cs-due${isMine(c) ? ' mine' : ''}`}
                        title={c.label}
                        onClick={() => choose(c)}
                      >
                        {isLate(c, live.now.value) && <b>! </b>}
                        {c.label || c.key}
                      </button>
                    ))}
                    {here.length > IN_CELL && (
                      <span class="hint">{t('day.more', { n: here.length - IN_CELL })}</span>
                    )}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
