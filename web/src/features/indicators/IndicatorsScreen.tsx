// SPDX-License-Identifier: Apache-2.0
import './indicators.css';
import { useComputed } from '@preact/signals';
import { personName, registerOf, stateOf } from '../../api/room';
import { can } from '../../api/session';
import { site } from '../../api/site';
import { canAct, live, replayAt, replaying, world } from '../../api/world';
import { day, fullStamp, siteOffset, stamp } from '../../app/format';
import { pick } from '../../app/i18n';
import { go, href, route, setQuery } from '../../app/router';
import { useAsk } from '../../records/Ask';
import { Waiting } from '../../records/Parts';
import { useHeard, useRead } from '../../records/use';
import { SelectField } from '../../ui/Field';
import { Table } from '../../ui/Table';
import { type Drill, figure, type Indicator, period, type Setting, targetOf, unit } from './model';
import { t } from './texts';
import { title } from './title';
import { WhatIf } from './WhatIf';

const KINDS = ['month', 'quarter', 'year'] as const;
type Kind = (typeof KINDS)[number];
const MINUTE = 60_000;

function useQuestion() {
  const q = route.value.query;
  const kind: Kind = KINDS.find((k) => k === q.span) ?? 'month';
  // once a minute, not with every batch of values
  const now = useComputed(() => {
    const ms = replaying.value ? replayAt.value : live.now.value || Date.now();
    return Math.floor(ms / MINUTE) * MINUTE;
  }).value;
  const [from, to] = period(now, kind, siteOffset.value);
  const at = replaying.value ? now : null;
  return { kind, query: { from, to, place: q.place, at } };
}

/** Shape and word say how it stands: colour is kept for what is abnormal at the mine. */
function Status({ i }: { i: Indicator }) {
  const s = i.status ?? 'unknown';
  const shape = { on: '●', behind: '◐', missed: '○', unknown: '–' }[s];
  return (
    <span class={`in-status in-${s}`}>
      <span aria-hidden="true">{shape}</span> {t(`status.${s}`)}
    </span>
  );
}

/** Value and target on one scale. */
function Bar({ i }: { i: Indicator }) {
  const target = targetOf(i);
  if (target === null || i.value === null || !(target > 0)) return null;
  const top = Math.max(target, i.value, i.forecast ?? 0) * 1.1;
  const x = (v: number) => Math.max(0, Math.min(100, (100 * v) / top));
  return (
    <svg class="in-bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
      <rect class="in-rail" x="0" y="3" width="100" height="4" />
      <rect class="in-fill" x="0" y="3" width={x(i.value)} height="4" />
      {i.forecast !== null && i.forecast !== undefined && (
        <rect class="in-forecast" x={x(i.forecast) - 0.5} y="2" width="1" height="6" />
      )}
      <rect class="in-target" x={x(target) - 0.6} y="0" width="1.2" height="10" />
    </svg>
  );
}

function Figures({ i }: { i: Indicator }) {
  const target = targetOf(i);
  return (
    <>
      <p class="in-value">
        <b>{figure(i, i.value)}</b>{' '}
        <span class="hint">{i.value === null ? t('unknown') : unit(i)}</span>
        <Status i={i} />
      </p>
      <Bar i={i} />
      <dl class="kv">
        <dt>{t('target')}</dt>
        <dd>
          {target === null ? t('target.none') : `${figure(i, target)} ${unit(i)}`}{' '}
          {i.better && <span class="hint">{t(i.better)}</span>}
        </dd>
        {i.forecast !== null && i.forecast !== undefined && (
          <>
            <dt>{t('forecast')}</dt>
            <dd>
              {figure(i, i.forecast)} {unit(i)}
            </dd>
          </>
        )}
        {i.responsible && (
          <>
            <dt>{t('responsible')}</dt>
            <dd>{personName(i.responsible)}</dd>
          </>
        )}
      </dl>
    </>
  );
}

function Tiles({ list }: { list: readonly Indicator[] }) {
  const groups = new Map<string, Indicator[]>();
  for (const i of list) {
    const g = pick(i.group);
    groups.set(g, [...(groups.get(g) ?? []), i]);
  }
  return (
    <>
      {[...groups].map(([g, items]) => (
        <section key={g} class="stack">
          <h2>{g}</h2>
          <div class="in-tiles">
            {items.map((i) => (
              <article key={i.id} class="card in-tile">
                <header>
                  <h3>
                    <a href={href(['indicators', i.id], route.value.query)}>{pick(i.title)}</a>
                  </h3>
                </header>
                <div class="body stack">
                  <Figures i={i} />
                  <p class="hint in-definition">{pick(i.definition)}</p>
                </div>
              </article>
            ))}
          </div>
        </section>
      ))}
      {list.length === 0 && <p class="hint">{t('none')}</p>}
    </>
  );
}

function Settings({ i, again }: { i: Indicator; again: () => void }) {
  const [ask, dialog] = useAsk();
  if (!i.settings?.length) return null;
  const change = (s: Setting) =>
    ask({
      title: t('setting.ask', { title: pick(s.title) }),
      verb: 'record.setting',
      fields: [
        {
          name: 'value',
          label: t('setting.value'),
          kind: s.values ? 'choice' : 'number',
          start: String(s.value ?? s.default ?? ''),
          ...(s.values
            ? { options: s.values.map((v) => ({ id: String(v), title: String(v) })) }
            : {}),
        },
        { name: 'reason', label: t('reason'), kind: 'area' },
      ],
      args: (v) => ({ indicator: i.id, id: s.id, value: Number(v.value), reason: v.reason }),
      done: again,
    });
  return (
    <>
      <h3>{t('settings')}</h3>
      <ul>
        {i.settings.map((s) => (
          <li key={s.id} class="row">
            <span class="grow">
              {pick(s.title)} <b>{s.value ?? s.default}</b>{' '}
              {s.by && <span class="hint">{t('setting.by', { by: personName(s.by) })}</span>}
            </span>
            {can('indicator.write') && (
              <button type="button" class="btn" disabled={!canAct.value} onClick={() => change(s)}>
                {t('change')}
              </button>
            )}
          </li>
        ))}
      </ul>
      {dialog}
    </>
  );
}

function Counted({ i, query }: { i: Indicator; query: object }) {
  const read = useRead<Drill>(`/indicators/${i.id}/drill`, { ...query, limit: 1000 });
  const d = read.data;
  const of = (register?: string | null) => registerOf(register ?? d?.register);
  return (
    <section class="in-drill">
      <h2>{t('drill', { n: d ? (d.total ?? d.items.length) : '…' })}</h2>
      <Waiting read={read}>
        {d && (
          <Table
            label={t('drill', { n: d.total ?? d.items.length })}
            rows={d.items}
            rowKey={(r) => r.id}
            onOpen={(r) => go(['registers', r.register ?? d.register ?? '', String(r.id)])}
            onSelect={() => undefined}
            columns={[
              {
                id: 'label',
                title: t('label'),
                cell: (r) => (
                  <a href={href(['registers', r.register ?? d.register ?? '', String(r.id)])}>
                    {r.label || r.key}
                  </a>
                ),
              },
              {
                id: 'state',
                title: t('state'),
                width: '7rem',
                cell: (r) => pick(stateOf(of(r.register), r.state)?.title) || '–',
              },
              {
                id: 'owner',
                title: t('owner'),
                width: '7rem',
                cell: (r) => personName(r.owner) || '–',
              },
              {
                id: 'due',
                title: t('due'),
                width: '9rem',
                cell: (r) => (r.due ? stamp(r.due) : '–'),
              },
            ]}
          />
        )}
      </Waiting>
    </section>
  );
}

function One({ id, query }: { id: string; query: object }) {
  const read = useRead<Indicator>(`/indicators/${id}`, query as Record<string, string>);
  useHeard(['record', 'posting'], () => read.again());
  const i = read.data;
  return (
    <Waiting read={read}>
      {i && (
        <div class="in-one">
          <article class="card">
            <header>
              <h2>{pick(i.title)}</h2>
            </header>
            <div class="body stack">
              <Figures i={i} />
              <h3>{t('definition')}</h3>
              <p>{pick(i.definition)}</p>
              <dl class="kv">
                <dt>{t('numerator')}</dt>
                <dd>{figure({ ...i, decimals: 0 }, i.numerator)}</dd>
                <dt>{t('denominator')}</dt>
                <dd>{figure({ ...i, decimals: 0 }, i.denominator)}</dd>
              </dl>
              <Settings i={i} again={read.again} />
              {i.what_if && <WhatIf i={i} to={(query as { to: number }).to} />}
            </div>
          </article>
          <Counted i={i} query={query} />
        </div>
      )}
    </Waiting>
  );
}

function All({ query }: { query: object }) {
  const read = useRead<{ items: Indicator[] } | Indicator[]>(
    '/indicators',
    query as Record<string, string>,
  );
  useHeard(['record', 'posting'], () => read.again());
  const list = read.data ? (Array.isArray(read.data) ? read.data : read.data.items) : [];
  return <Waiting read={read}>{read.data && <Tiles list={list} />}</Waiting>;
}

export default function IndicatorsScreen() {
  const { kind, query } = useQuestion();
  const id = route.value.parts[1];
  const places = [...site.value.places.values()].map((p) => ({
    id: p.id,
    title: site.value.placeName(p.id),
  }));
  return (
    <div class="desk">
      <div class="desk-head">
        {id ? (
          <a class="btn plain" href={href(['indicators'], route.value.query)}>
            ◂ {t('back')}
          </a>
        ) : (
          <h1 class="desk-title">{title()}</h1>
        )}
        {id && <h1 class="sr">{title()}</h1>}
        <span class="grow" />
        {registerOf('target') && <a href={href(['registers', 'target'])}>{t('targets')}</a>}
      </div>
      <div class="desk-bar">
        {KINDS.map((k) => (
          <button
            key={k}
            type="button"
            class="btn"
            aria-pressed={k === kind}
            onClick={() => setQuery({ span: k === 'month' ? null : k })}
          >
            {t(k)}
          </button>
        ))}
        <span class="hint">
          {day(query.from)} — {day(query.to - 1)}
        </span>
        <SelectField
          bare
          label={t('place')}
          value={query.place ?? ''}
          options={[{ id: '', title: t('place.all') }, ...places]}
          onChange={(p) => setQuery({ place: p || null })}
        />
        {replaying.value && <b>{t('past', { at: fullStamp(world.value.now.value) })}</b>}
      </div>
      <div class={`desk-body ${id ? 'fill' : 'stack'}`}>
        {id ? <One id={id} query={query} /> : <All query={query} />}
      </div>
    </div>
  );
}
