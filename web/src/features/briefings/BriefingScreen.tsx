// SPDX-License-Identifier: Apache-2.0
/** One report of a period, as it is sent: the same blocks as its PDF and its Excel file. */
import './briefings.css';
import { url } from '../../api/client';
import { room } from '../../api/room';
import { siteOffset } from '../../app/format';
import { lang, pick } from '../../app/i18n';
import { href, route, setQuery } from '../../app/router';
import { Waiting } from '../../records/Parts';
import { useRead } from '../../records/use';
import { SelectField, TextField } from '../../ui/Field';
import { type Doc, dayStart, type Section, sectionsOf } from './model';
import { t } from './texts';

const DAY = 86_400_000;

export function useBriefing(id: string) {
  const q = route.value.query;
  const from = dayStart(q.from ?? '', siteOffset.value);
  const last = dayStart(q.to ?? '', siteOffset.value);
  const query = {
    lang: lang.value === 'zh' ? 'zh' : 'en',
    ...(from !== null && last !== null ? { from, to: last + DAY } : {}),
  };
  return { query, read: useRead<Doc>(id ? `/briefings/${id}` : null, query) };
}

function Part({ s }: { s: Section }) {
  return (
    <section>
      <h2>{s.title}</h2>
      {s.tables.map((x, i) => (
        <table key={i}>
          <thead>
            <tr>
              {x.columns.map((c, k) => (
                <th key={k} scope="col">
                  {c}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {x.rows.map((row, k) => (
              <tr key={k}>
                {row.map((cell, m) => (
                  <td key={m}>{cell}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      ))}
      {s.texts.map((x) => (
        <p key={x}>{x}</p>
      ))}
    </section>
  );
}

export default function BriefingScreen() {
  const list = room.value.briefings ?? [];
  const id = route.value.parts[1] ?? list[0]?.id ?? '';
  const { query, read } = useBriefing(id);
  const file = (format: string) => url(`/briefings/${id}`, { ...query, format });
  const parts = read.data && sectionsOf(read.data);
  return (
    <div class="desk">
      <div class="desk-head">
        <h1 class="desk-title">{t('title')}</h1>
        <span class="grow" />
        <a class="btn" href={href(['board', id], route.value.query)}>
          {t('open')}
        </a>
        <a class="btn" download href={file('xlsx')}>
          {t('xlsx')}
        </a>
        <a class="btn" download href={file('pdf')}>
          {t('pdf')}
        </a>
      </div>
      <div class="desk-bar">
        <SelectField
          bare
          label={t('which')}
          value={id}
          options={list.map((b) => ({ id: b.id, title: pick(b.title) }))}
          onChange={(x) => {
            location.hash = href(['briefings', x], route.value.query);
          }}
        />
        <TextField
          label={t('month')}
          type="date"
          value={route.value.query.from ?? ''}
          onInput={(from) => setQuery({ from: from || null })}
        />
        <TextField
          label={t('to')}
          type="date"
          value={route.value.query.to ?? ''}
          onInput={(to) => setQuery({ to: to || null })}
        />
      </div>
      <div
        class="desk-body"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region is reached by keys
        tabIndex={0}
        role="region"
        aria-label={t('title')}
      >
        <Waiting read={read}>
          {read.data && parts && (
            <article class="bf-sheet">
              <h1>{read.data.title}</h1>
              {parts.head.map((x) => (
                <p key={x}>{x}</p>
              ))}
              {parts.sections.map((s) => (
                <Part key={s.title} s={s} />
              ))}
            </article>
          )}
        </Waiting>
      </div>
    </div>
  );
}
