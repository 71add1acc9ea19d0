// SPDX-License-Identifier: Apache-2.0
import './health.css';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { api } from '../../api/client';
import type { Health, LinkState } from '../../api/records';
import { age, fullStamp, num, stamp } from '../../app/format';
import { route, setQuery } from '../../app/router';
import { Tabs } from '../../ui/Tabs';
import { errorText } from '../../ui/Toast';
import { KpiTab } from './Kpi';
import { t } from './texts';
import { kpiTitle, title } from './title';

const EVERY_MS = 2000;

interface Seen {
  h: Health;
  /** This computer's clock at the answer, half the way back taken off. */
  here: number;
}

interface Reading {
  now: Seen | null;
  before: Seen | null;
  error: string;
}

/** Read every two seconds while it is looked at. */
function useHealth(on: boolean): Reading {
  const [r, set] = useState<Reading>({ now: null, before: null, error: '' });
  const busy = useRef(false);
  useEffect(() => {
    if (!on) return undefined;
    const ask = () => {
      if (busy.current || document.hidden) return;
      busy.current = true;
      const sent = Date.now();
      api.get<Health>('/health').then(
        (h) => {
          busy.current = false;
          set((o) => ({ now: { h, here: (sent + Date.now()) / 2 }, before: o.now, error: '' }));
        },
        (e: unknown) => {
          busy.current = false;
          set((o) => ({ ...o, error: errorText(e) }));
        },
      );
    };
    ask();
    const timer = setInterval(ask, EVERY_MS);
    return () => clearInterval(timer);
  }, [on]);
  return r;
}

/** "1.8 GB": powers of ten, as disks are sold. */
export function bytes(n: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let i = 0;
  for (; n >= 1000 && i < units.length - 1; i++) n /= 1000;
  return `${num(n, i === 0 || n >= 100 ? 0 : 1)} ${units[i]}`;
}

const whole = (n: number) => num(n, 0);

function perSecond(r: Reading, of: (h: Health) => number): string {
  const { now, before } = r;
  if (!now || !before || now.h.now <= before.h.now) return '';
  return t('rate', { n: whole(((of(now.h) - of(before.h)) * 1000) / (now.h.now - before.h.now)) });
}

function Block({ title, rows }: { title: string; rows: [string, ComponentChildren, string?][] }) {
  return (
    <section class="card">
      <header>
        <h2>{title}</h2>
      </header>
      <table class="wide-table">
        <tbody>
          {rows.map(([name, value, hint]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td class="num">{value}</td>
              <td class="hint num">{hint}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function State({ h }: { h: Health }) {
  const bad = !h.ok || h.journal.failed;
  return (
    <div class={bad ? 'error row' : 'row'} role={bad ? 'alert' : undefined}>
      <b class="grow">{bad ? `✕ ${t('failed')}` : `✓ ${t('ok')}`}</b>
      {h.journal.on_reserve && <b class="error">{t('reserve')}</b>}
      <span class="hint">
        {t('since', { age: age(h.now - h.started), at: fullStamp(h.started) })}
      </span>
    </div>
  );
}

function System({ r }: { r: Reading }) {
  const s = r.now;
  if (!s) return null;
  const { h } = s;
  const off = Math.round((s.here - h.now) / 100) / 10;
  const { engine: e, journal: j, history: y } = h;
  return (
    <div class="desk-body stack">
      <State h={h} />
      <div class="health-blocks">
        <Block
          title={t('clock')}
          rows={[
            [t('clock.server'), fullStamp(h.now)],
            [t('clock.engine'), fullStamp(e.time)],
            [t('clock.lag'), t('ms', { n: whole(e.lag_ms) })],
            [t('clock.here'), `${off} s`, Math.abs(off) > 2 ? t('clock.here.hint') : ''],
          ]}
        />
        <Block
          title={t('queues')}
          rows={[
            [t('urgent'), whole(e.queue_urgent)],
            [t('bulk'), whole(e.queue_bulk)],
            [t('refused'), whole(e.refused_batches)],
          ]}
        />
        <Block
          title={t('engine')}
          rows={[
            [t('samples'), whole(e.samples), perSecond(r, (x) => x.engine.samples)],
            [t('evaluations'), whole(e.evaluations), perSecond(r, (x) => x.engine.evaluations)],
            [t('outcomes'), whole(e.outcomes)],
            [t('active'), whole(e.alarms_active)],
            [t('late'), whole(e.late)],
            [t('future'), whole(e.future)],
          ]}
        />
        <Block
          title={t('journal')}
          rows={[
            [t('last'), whole(j.last)],
            [
              t('durable'),
              whole(j.durable),
              j.last > j.durable ? t('behind', { n: j.last - j.durable }) : '',
            ],
            [t('commits'), whole(j.commits), perSecond(r, (x) => x.journal.commits)],
            [t('commit.last'), t('ms', { n: num(j.last_commit_ms, 1) })],
            [t('commit.worst'), t('ms', { n: num(j.worst_commit_ms, 1) })],
            [t('bytes'), bytes(j.bytes)],
          ]}
        />
        <Block
          title={t('history')}
          rows={[
            [t('points'), whole(y.points)],
            [t('stored'), whole(y.samples)],
            [
              t('size'),
              bytes(y.bytes),
              y.samples ? t('per.sample', { n: num(y.bytes / y.samples, 2) }) : '',
            ],
            [t('head'), whole(y.head_samples)],
            [t('late'), whole(y.late)],
            [t('duplicates'), whole(y.duplicates)],
          ]}
        />
        <Block
          title={t('host')}
          rows={[
            [t('disk'), bytes(h.disk_free)],
            [t('memory'), bytes(h.resident_bytes)],
            [t('screens'), whole(h.screens)],
            ...backupRow(h.backup),
          ]}
        />
      </div>
    </div>
  );
}

/** When the data were last copied and the copy verified. */
function backupRow(b: Health['backup']): [string, string, string?][] {
  if (!b) return [];
  if (!b.verified) return [[t('backup'), t('backup.never')]];
  return [[t('backup'), stamp(b.verified), t('backup.days', { n: whole(b.days) })]];
}

/** A mine that another node of the region has: which one, and its screens. */
function elsewhere(shards: Health['shards'], id: string) {
  const node = shards?.names?.find((n) => n.name === id)?.node;
  if (!node || node === shards?.node) return null;
  return { node, url: shards?.nodes?.find((n) => n.node === node)?.url };
}

function Where({ at }: { at: { node: string; url?: string } }) {
  const text = t('links.at', { node: at.node });
  return at.url?.startsWith('http') ? <a href={at.url}>{text}</a> : <span>{text}</span>;
}

function LinkRow({
  l,
  now,
  rate,
  at,
}: {
  l: LinkState;
  now: number;
  rate: string;
  at: ReturnType<typeof elsewhere>;
}) {
  return (
    <tr>
      <th scope="row">{l.id}</th>
      <td>{l.kind}</td>
      <td>
        {l.up ? (
          <span class="mark running">{t('links.up')}</span>
        ) : (
          <b class="mark fault">✕ {t('links.down')}</b>
        )}
      </td>
      <td>{l.since ? stamp(l.since) : '–'}</td>
      <td>{l.last ? t('ago', { age: age(now - l.last) }) : '–'}</td>
      <td class="num">{whole(l.samples)}</td>
      <td class="num">{rate}</td>
      <td class="num">{whole(l.errors)}</td>
      <td class="num">{whole(l.reconnects)}</td>
      <td class="num">{whole(l.writes)}</td>
      <td class="health-text">{at ? <Where at={at} /> : l.text}</td>
    </tr>
  );
}

function Links({ r }: { r: Reading }) {
  if (!r.now) return null;
  const { h } = r.now;
  const heads = [
    'link',
    'kind',
    'state',
    'since',
    'last',
    'samples',
    'rate',
    'errors',
    'reconnects',
    'writes',
    'text',
  ] as const;
  const numbers = new Set<string>(['samples', 'rate', 'errors', 'reconnects', 'writes']);
  // what is down stands first
  const list = [...h.links].sort((a, b) => Number(a.up) - Number(b.up));
  return (
    <div class="desk-body">
      <table class="wide-table health-links">
        <thead>
          <tr>
            {heads.map((k) => (
              <th key={k} scope="col" class={numbers.has(k) ? 'num' : ''}>
                {t(`col.${k}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {list.map((l) => (
            <LinkRow
              key={l.id}
              l={l}
              now={h.now}
              at={elsewhere(h.shards, l.id)}
              rate={perSecond(r, (x) => x.links.find((o) => o.id === l.id)?.samples ?? 0)}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

export default function HealthScreen() {
  const tab = route.value.query.tab ?? 'system';
  const r = useHealth(tab !== 'kpi');
  const links = r.now?.h.links ?? [];
  return (
    <div class="desk">
      <div class="desk-head">
        <h1 class="sr">{title()}</h1>
        <Tabs
          label={title()}
          current={tab}
          tabs={[
            { id: 'system', title: t('tab.system') },
            {
              id: 'links',
              title: t('tab.links', { up: links.filter((l) => l.up).length, n: links.length }),
            },
            { id: 'kpi', title: kpiTitle() },
          ]}
          onChange={(id) => setQuery({ tab: id === 'system' ? null : id })}
        />
      </div>
      {tab === 'kpi' ? (
        <KpiTab />
      ) : (
        <>
          <div class="desk-bar">
            {r.error && (
              <p class="error" role="alert">
                {t('lost', { text: r.error })}
              </p>
            )}
          </div>
          {tab === 'links' ? <Links r={r} /> : <System r={r} />}
        </>
      )}
    </div>
  );
}
