// SPDX-License-Identifier: Apache-2.0
/**
 * A briefing on one screen for a meeting room: all sections at once, nothing to scroll; what does not
 * fit is counted. It follows the records as they change.
 */
import './briefings.css';
import { useEffect, useRef, useState } from 'preact/hooks';
import { live } from '../../api/world';
import { hms, monthDay } from '../../app/format';
import { href, route } from '../../app/router';
import { beat } from '../../app/ticker';
import { Waiting } from '../../records/Parts';
import { useHeard } from '../../records/use';
import { useBriefing } from './BriefingScreen';
import { type Section, sectionsOf, widths } from './model';
import { t } from './texts';

const hasRows = (s: Section) => (s.tables[0]?.rows.length ?? 0) > 0;

const WIDE = 7; // columns: takes half of the screen, others a third

/** As many rows as its place holds; every column is in sight, the long ones cut. */
function Tile({ s }: { s: Section }) {
  const host = useRef<HTMLElement>(null);
  const [fit, setFit] = useState(6);
  const table = s.tables[0];
  const rows = table?.rows ?? [];
  useEffect(() => {
    const el = host.current;
    if (!el) return;
    const measure = () => {
      const row = el.querySelector('tbody tr')?.getBoundingClientRect().height ?? 24;
      const head = el.querySelector('thead')?.getBoundingClientRect().height ?? 24;
      const title = el.querySelector('h2')?.getBoundingClientRect().height ?? 24;
      setFit(Math.max(1, Math.floor((el.clientHeight - head - title - row * 1.4) / row)));
    };
    const watch = new ResizeObserver(measure);
    watch.observe(el);
    measure();
    return () => watch.disconnect();
  }, [rows.length]);
  return (
    <section class={`bf-tile${(table?.columns.length ?? 0) >= WIDE ? ' bf-wide' : ''}`} ref={host}>
      <h2>{s.title}</h2>
      {table && (
        <table>
          <colgroup>
            {widths(table.columns, rows).map((w, k) => (
              <col key={k} style={w ? { width: w } : undefined} />
            ))}
          </colgroup>
          <thead>
            <tr>
              {table.columns.map((c, k) => (
                <th key={k} scope="col">
                  {c}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, fit).map((row, k) => (
              <tr key={k}>
                {row.map((cell, m) => (
                  <td key={m} title={cell}>
                    {cell}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {rows.length > fit && <p class="hint">{t('more', { n: rows.length - fit })}</p>}
    </section>
  );
}

export default function BoardScreen() {
  const id = route.value.parts[1] ?? '';
  const { read } = useBriefing(id);
  useHeard(['record', 'posting', 'setting'], () => read.again());
  beat.value;
  const now = live.now.value;
  const parts = read.data && sectionsOf(read.data);
  const empty = parts ? parts.sections.filter((s) => !hasRows(s)) : [];
  return (
    <div class="bf-board">
      <header class="row">
        <h1>{read.data?.title ?? ''}</h1>
        <span>{parts?.head[0]}</span>
        <span class="grow" />
        <b>{now ? `${monthDay(now)} ${hms(now)}` : ''}</b>
        <a class="btn plain" href={href(['briefings', id], route.value.query)}>
          {t('back')}
        </a>
      </header>
      <Waiting read={read}>
        {parts && (
          <div class="bf-tiles">
            {parts.sections.filter(hasRows).map((s) => (
              <Tile key={s.title} s={s} />
            ))}
          </div>
        )}
      </Waiting>
      <footer class="hint">
        {empty.length > 0 && t('empty', { sections: empty.map((s) => s.title).join('　') })}
      </footer>
    </div>
  );
}
