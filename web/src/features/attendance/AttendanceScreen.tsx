// SPDX-License-Identifier: Apache-2.0
import './attendance.css';
import { url } from '../../api/client';
import type { Attendance } from '../../api/types';
import { live } from '../../api/world';
import { day } from '../../app/format';
import { lang } from '../../app/i18n';
import { route, setQuery } from '../../app/router';
import { Waiting } from '../../records/Parts';
import { useRead } from '../../records/use';
import { t } from './texts';
import { title } from './title';

type Block = Attendance['blocks'][number];

function BlockView({ b }: { b: Block }) {
  if (!b.columns) return b.heading ? <h2>{b.text}</h2> : <p class="hint">{b.text}</p>;
  return (
    <table class="wide-table lined at-table">
      <thead>
        <tr>
          {b.columns.map((c) => (
            <th key={c} scope="col">
              {c}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {!b.rows?.length && (
          <tr>
            <td class="hint" colSpan={b.columns.length}>
              {t('empty')}
            </td>
          </tr>
        )}
        {(b.rows ?? []).map((row, k) => (
          <tr key={k}>
            {row.map((cell, i) => (
              <td key={b.columns![i]}>{cell}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export default function AttendanceScreen() {
  const month = route.value.query.month ?? day(live.now.value || Date.now()).slice(0, 7);
  const read = useRead<Attendance>('/personnel/attendance', { month, lang: lang.value });
  const none = read.data?.blocks.every((b) => !b.rows?.length) ?? false;
  return (
    <div class="desk">
      <div class="desk-head">
        <h1>{read.data?.title ?? title()}</h1>
        <span class="grow" />
        <label class="at-month">
          {t('month')}
          <input
            type="month"
            class="input"
            value={month}
            onChange={(e) => setQuery({ month: e.currentTarget.value || null })}
          />
        </label>
        <a
          class="btn"
          href={url('/personnel/attendance', { month, lang: lang.value, format: 'xlsx' })}
        >
          {t('xlsx')}
        </a>
      </div>
      <div class="desk-bar">
        <span class="hint">{t('hint')}</span>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region is reached by keys */}
      <div class="desk-body at" tabIndex={0} role="region" aria-label={title()}>
        <Waiting read={read}>
          {none && <p class="hint pad">{t('none')}</p>}
          {!none && read.data?.blocks.map((b, i) => <BlockView key={i} b={b} />)}
        </Waiting>
      </div>
    </div>
  );
}
