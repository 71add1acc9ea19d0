// SPDX-License-Identifier: Apache-2.0
import './users.css';
import { useState } from 'preact/hooks';
import { api } from '../../api/client';
import type { AccessRow, PeopleRole, UserRow } from '../../api/records';
import { can, me } from '../../api/session';
import { site } from '../../api/site';
import { live } from '../../api/world';
import { fullStamp, stamp } from '../../app/format';
import { pick } from '../../app/i18n';
import { route, setQuery } from '../../app/router';
import { saveCsv } from '../../records/csv';
import { SpanFields, Waiting } from '../../records/Parts';
import { type Reading, useRead } from '../../records/use';
import { CheckField } from '../../ui/Field';
import { type Column, Table } from '../../ui/Table';
import { Tabs } from '../../ui/Tabs';
import { toastError } from '../../ui/Toast';
import { type Doing, UserDialog } from './Dialogs';
import { t } from './texts';
import { auditTitle, rolesTitle, title } from './title';

const DAY = 86_400_000;

function State({ u }: { u: UserRow }) {
  if (u.disabled) return <span class="mark">{t('state.disabled')}</span>;
  if (u.locked) return <b class="mark">{t('state.locked')}</b>;
  if (!u.roles.length) return <b class="mark">{t('state.roles')}</b>;
  return <span class="hint">{t(u.must_change_password ? 'state.must' : 'state.ok')}</span>;
}

function Acts({ u, act, again }: { u: UserRow; act: (d: Doing) => void; again: () => void }) {
  const self = u.user === me.value?.user;
  const enable = () =>
    api.patch(`/users/${encodeURIComponent(u.user)}`, { disabled: false }).then(again, toastError);
  return (
    <span class="row">
      {can('security.admin') && (
        <button
          type="button"
          class="btn small"
          disabled={self}
          title={self ? t('self.roles') : ''}
          onClick={() => act({ what: 'roles', user: u })}
        >
          {t('roles.edit')}
        </button>
      )}
      {!self && (
        <button type="button" class="btn small" onClick={() => act({ what: 'reset', user: u })}>
          {t('reset')}
        </button>
      )}
      {can('user.admin') && (
        <button
          type="button"
          class="btn small"
          disabled={self}
          title={self ? t('self') : ''}
          onClick={() => (u.disabled ? enable() : act({ what: 'disable', user: u }))}
        >
          {t(u.disabled ? 'enable' : 'disable')}
        </button>
      )}
    </span>
  );
}

function roleName(roles: readonly PeopleRole[], id: string): string {
  return pick(roles.find((r) => r.id === id)?.name) || id;
}

interface ListProps {
  read: Reading<{ items: UserRow[] }>;
  roles: readonly PeopleRole[];
  act: (d: Doing) => void;
}

function Users({ read, roles, act }: ListProps) {
  return (
    <>
      <div class="desk-bar">
        {can('user.admin') && (
          <button type="button" class="btn primary" onClick={() => act({ what: 'new' })}>
            {t('new')}
          </button>
        )}
        <span class="hint">{t('split')}</span>
      </div>
      <div class="desk-body">
        <Waiting read={read}>
          <table class="wide-table users-table">
            <thead>
              <tr>
                {(['user', 'name', 'roles', 'state', 'last', 'created', 'act'] as const).map(
                  (k) => (
                    <th key={k} scope="col">
                      {t(`col.${k}`)}
                    </th>
                  ),
                )}
              </tr>
            </thead>
            <tbody>
              {read.data?.items.map((u) => (
                <tr key={u.user} class={u.disabled ? 'off' : ''}>
                  <th scope="row">{u.user}</th>
                  <td>{u.name}</td>
                  <td>{u.roles.map((r) => roleName(roles, r)).join('、')}</td>
                  <td>
                    <State u={u} />
                  </td>
                  <td>{u.last_login ? stamp(u.last_login) : t('never')}</td>
                  <td class="hint">{stamp(u.created)}</td>
                  <td>
                    <Acts u={u} act={act} again={read.again} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Waiting>
      </div>
    </>
  );
}

function Roles({
  read,
  users,
}: {
  read: Reading<{ items: PeopleRole[] }>;
  users: readonly UserRow[];
}) {
  const places = (r: PeopleRole) =>
    r.places.includes('*')
      ? t('everywhere')
      : r.places.map((p) => site.value.placeName(p)).join('、');
  return (
    <>
      <p class="desk-bar hint">{t('roles.intro')}</p>
      <div class="desk-body users-role-cards">
        <Waiting read={read}>
          {read.data?.items.map((r) => (
            <section key={r.id} class="card">
              <header>
                <h2>{pick(r.name) || r.id}</h2>
                <span class="hint">{r.id}</span>
              </header>
              <dl class="body kv">
                <dt>{t('role.people')}</dt>
                <dd>
                  {users
                    .filter((u) => u.roles.includes(r.id))
                    .map((u) => u.name)
                    .join('、') || '–'}
                </dd>
                <dt>{t('role.places')}</dt>
                <dd>{places(r)}</dd>
                <dt>{t('role.rights')}</dt>
                <dd class="users-rights">
                  {r.rights.map((x) => (
                    <code key={x}>{x}</code>
                  ))}
                </dd>
              </dl>
            </section>
          ))}
        </Waiting>
      </div>
    </>
  );
}

const auditColumns = (): Column<AccessRow & { key: number }>[] => [
  { id: 'time', title: t('time'), width: '12.2rem', cell: (a) => fullStamp(a.time) },
  { id: 'user', title: t('col.user'), width: '9rem', cell: (a) => a.user || '–' },
  { id: 'client', title: t('client'), width: '10rem', cell: (a) => a.client },
  { id: 'method', title: t('method'), width: '5rem', cell: (a) => a.method },
  { id: 'path', title: t('path'), cell: (a) => <span title={a.path}>{a.path}</span> },
  {
    id: 'status',
    title: t('status'),
    width: '6rem',
    num: true,
    cell: (a) => (a.status >= 400 ? <b class="mark">{a.status}</b> : a.status),
  },
];

function Audit() {
  const q = route.value.query;
  const now = Math.round(live.now.peek());
  const to = q.to ? Number(q.to) : now;
  const from = q.from ? Number(q.from) : to - DAY;
  const minute = (ms: number) => Math.round(ms / 60_000) * 60_000;
  const read = useRead<{ items: AccessRow[] }>(can('audit.read') ? '/audit' : null, {
    from: minute(from),
    to: q.to ? minute(to) : undefined,
    user: q.user,
    limit: 5000,
  });
  if (!can('audit.read')) return <p class="pad">{t('noright')}</p>;
  const all = (read.data?.items ?? [])
    .map((a, key) => ({ ...a, key }))
    .sort((a, b) => b.time - a.time || b.key - a.key);
  const rows = q.refused ? all.filter((a) => a.status >= 400) : all;
  return (
    <>
      <div class="desk-bar">
        <SpanFields
          from={from}
          to={to}
          hours={[8, 24, 168]}
          now={now}
          onChange={(a, b) => setQuery({ from: String(a), to: String(b) })}
        />
        <input
          class="input users-filter"
          aria-label={t('filter.user')}
          placeholder={t('filter.user')}
          value={q.user ?? ''}
          onChange={(e) => setQuery({ user: e.currentTarget.value.trim() })}
        />
        <CheckField
          label={t('refused.only')}
          checked={!!q.refused}
          onChange={(on) => setQuery({ refused: on ? '1' : null })}
        />
        <span class="grow hint">{t('count', { n: rows.length })}</span>
        <button
          type="button"
          class="btn"
          onClick={() =>
            saveCsv(
              'access',
              [t('time'), t('col.user'), t('client'), t('method'), t('path'), t('status')],
              rows.map((a) => [fullStamp(a.time), a.user, a.client, a.method, a.path, a.status]),
            )
          }
        >
          {t('csv')}
        </button>
      </div>
      <div class="desk-body fill">
        {read.data ? (
          <Table
            label={auditTitle()}
            columns={auditColumns()}
            rows={rows}
            rowKey={(a) => a.key}
            empty={t('empty')}
          />
        ) : (
          <Waiting read={read} />
        )}
      </div>
    </>
  );
}

/** The tabs that this person may open; the address names one, else the first is shown. */
function useTabs(n: number | string): { id: string; title: string }[] {
  const people = can('user.admin') || can('security.admin');
  return [
    ...(people
      ? [
          { id: 'users', title: t('tab.users', { n }) },
          { id: 'roles', title: rolesTitle() },
        ]
      : []),
    ...(can('audit.read') ? [{ id: 'audit', title: auditTitle() }] : []),
  ];
}

export default function UsersScreen() {
  const screen = route.value.parts[0] ?? 'users';
  const people = can('user.admin') || can('security.admin');
  const users = useRead<{ items: UserRow[] }>(people ? '/users' : null);
  const roles = useRead<{ items: PeopleRole[] }>(people ? '/roles' : null);
  const [doing, setDoing] = useState<Doing | null>(null);
  const tabs = useTabs(users.data?.items.length ?? '');
  const asked = route.value.query.tab ?? (screen === 'roles' ? 'users' : screen);
  const tab = tabs.some((x) => x.id === asked) ? asked : (tabs[0]?.id ?? 'audit');
  const roleList = roles.data?.items ?? [];
  return (
    <div class="desk">
      <div class="desk-head">
        <h1 class="sr">{title()}</h1>
        <Tabs label={title()} current={tab} tabs={tabs} onChange={(id) => setQuery({ tab: id })} />
      </div>
      {tab === 'audit' ? (
        <Audit />
      ) : tab === 'roles' ? (
        <Roles read={roles} users={users.data?.items ?? []} />
      ) : (
        <Users read={users} roles={roleList} act={setDoing} />
      )}
      {doing && (
        <UserDialog
          key={doing.what}
          doing={doing}
          roles={roleList}
          onClose={() => setDoing(null)}
          onDone={(next) => {
            users.again();
            setDoing(next ?? null);
          }}
        />
      )}
    </div>
  );
}
