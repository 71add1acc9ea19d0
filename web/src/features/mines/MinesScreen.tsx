// SPDX-License-Identifier: Apache-2.0
/** All mines of a county or region in one list, whichever node has them; one of them by its address. */
import './mines.css';
import { site } from '../../api/site';
import { age, num, stamp } from '../../app/format';
import { nameOf } from '../../app/i18n';
import { href, route } from '../../app/router';
import { MinePage } from './MinePage';
import { type Seen, useMines } from './read';
import { figuresOf, type MineRow, rateOf } from './state';
import { t } from './texts';

/** A place that is called like the link gives the mine its name. */
export function mineName(id: string): string {
  const place = site.value.places.get(id);
  return place ? nameOf(place) : id;
}

export function MineState({ m }: { m: MineRow }) {
  if (!m.link) return <b class="mark fault">? {t('unknown')}</b>;
  return m.link.up ? (
    <span class="mark running">{t('up')}</span>
  ) : (
    <b class="mark fault">✕ {t('silent')}</b>
  );
}

export function note(m: MineRow): string {
  if (m.node === '') return t('node.none');
  if (m.error) return t('node.away', { node: m.node ?? '', text: m.error });
  const away = /^at (\S+)$/.exec(m.link?.text ?? '');
  if (away) return t('at', { node: away[1]! });
  const figures = figuresOf(m.link?.text);
  return figures ? t('note', figures) : (m.link?.text ?? '');
}

function Row({ m, now }: { m: MineRow; now: number }) {
  const rate = rateOf(m.link?.text);
  return (
    <tr>
      <th scope="row">
        <a href={href(['mines', m.id])}>{mineName(m.id)}</a>
      </th>
      <td>
        <MineState m={m} />
      </td>
      <td>{m.link?.since ? stamp(m.link.since) : '–'}</td>
      <td class="num">{m.alarms === null ? '–' : m.alarms.length}</td>
      <td>{m.link?.last ? t('ago', { age: age(Math.max(0, now - m.link.last)) }) : '–'}</td>
      <td class="num">{rate === null ? '–' : t('rate', { n: num(rate, 1) })}</td>
      {m.node !== null && <td>{m.node || '–'}</td>}
      <td class="mn-text">{note(m)}</td>
    </tr>
  );
}

function List({ seen }: { seen: Seen }) {
  const divided = seen.rows.some((m) => m.node !== null);
  const heads = ['mine', 'state', 'since', 'alarms', 'last', 'rate', 'node', 'text'] as const;
  const alarms = seen.rows.reduce((n, m) => n + (m.alarms?.length ?? 0), 0);
  if (seen.rows.length === 0) return <p class="hint">{t('empty')}</p>;
  return (
    <>
      <p class="mn-sum">
        {t('sum', {
          n: seen.rows.length,
          silent: seen.rows.filter((m) => !m.link?.up).length,
          alarms: seen.rows.some((m) => m.alarms === null) ? '–' : alarms,
        })}
        {divided && ` · ${t('sum.nodes', { n: seen.nodes })}`}
      </p>
      <table class="wide-table mn-list">
        <thead>
          <tr>
            {heads
              .filter((k) => divided || k !== 'node')
              .map((k) => (
                <th key={k} scope="col" class={k === 'alarms' || k === 'rate' ? 'num' : ''}>
                  {t(`col.${k}`)}
                </th>
              ))}
          </tr>
        </thead>
        <tbody>
          {seen.rows.map((m) => (
            <Row key={m.id} m={m} now={seen.now} />
          ))}
        </tbody>
      </table>
    </>
  );
}

export default function MinesScreen() {
  const seen = useMines();
  const id = route.value.parts[1];
  const one = seen?.rows.find((m) => m.id === id);
  return (
    <div class="desk">
      <div class="desk-head mn-head">
        <h1 class={id ? '' : 'sr'}>{id ? mineName(id) : t('title')}</h1>
        {id && <a href={href(['mines'])}>{t('back')}</a>}
      </div>
      <div class="desk-body mn">
        {seen?.error && (
          <p class="error" role="alert">
            {seen.error}
          </p>
        )}
        {seen && (id ? one && <MinePage m={one} now={seen.now} /> : <List seen={seen} />)}
      </div>
    </div>
  );
}
