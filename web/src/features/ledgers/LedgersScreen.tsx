// SPDX-License-Identifier: Apache-2.0
import './ledgers.css';
import { useState } from 'preact/hooks';
import { personName, room } from '../../api/room';
import { canAct, live, replayAt, replaying } from '../../api/world';
import { day, fullStamp, unitSign } from '../../app/format';
import { pick } from '../../app/i18n';
import { go, route, setQuery } from '../../app/router';
import { useAsk } from '../../records/Ask';
import { Waiting } from '../../records/Parts';
import { useHeard, useRead } from '../../records/use';
import { Tabs } from '../../ui/Tabs';
import { toast } from '../../ui/Toast';
import { accountTitle, type Ledger, money, type Txn } from './model';
import { PostDialog } from './PostDialog';
import { t } from './texts';
import { title } from './title';

type Ask = ReturnType<typeof useAsk>[0];

function reverse(x: Txn, today: string, ask: Ask, again: () => void): void {
  ask({
    title: t('reverse.title', { n: x.txn }),
    explain: t('reverse.why'),
    verb: 'ledger.reverse',
    fields: [
      { name: 'day', label: t('day'), start: today },
      { name: 'reason', label: t('reason'), kind: 'area' },
    ],
    args: (v) => ({ txn: x.txn, ...v }),
    done: again,
  });
}

function close(l: Ledger, today: string, ask: Ask, again: () => void): void {
  const [y, m] = today.split('-').map(Number);
  const last = new Date(Date.UTC(y!, m! - 1, 0)).toISOString().slice(0, 10);
  ask({
    title: t('close.title', { ledger: pick(l.title) }),
    explain: t('close.why'),
    verb: 'ledger.close',
    fields: [{ name: 'until', label: t('close.until'), start: last }],
    args: (v) => ({ ledger: l.id, ...v }),
    done: again,
  });
}

function open(l: Ledger, ask: Ask, again: () => void): void {
  ask({
    title: t('open.title', { ledger: pick(l.title) }),
    explain: t('open.why'),
    verb: 'ledger.open',
    fields: [
      { name: 'title', label: t('open.name') },
      { name: 'key', label: t('open.key'), hint: t('open.key.hint') },
      { name: 'floor', label: t('open.floor'), optional: true, hint: t('open.floor.hint') },
    ],
    args: ({ floor, ...v }) => ({ ledger: l.id, ...v, ...(floor === '' ? {} : { floor }) }),
    done: (v) => {
      toast(t('opened', { key: String(v.result?.account ?? '') }));
      again();
    },
  });
}

interface AccountsProps {
  l: Ledger;
  account: string;
  /** Opens one more; null: not for this person, or not in the past. */
  more: (() => void) | null;
}

function Accounts({ l, account, more }: AccountsProps) {
  const choose = (key: string) => setQuery({ account: key || null });
  const row = (key: string, title: string, balance?: string, hint?: string) => (
    <li key={key}>
      <button type="button" aria-pressed={account === key} onClick={() => choose(key)}>
        <span class="grow">
          {title} {hint && <small class="hint">{hint}</small>}
        </span>
        {balance !== undefined && <b class="num">{balance}</b>}
      </button>
    </li>
  );
  return (
    <nav class="lg-accounts panel" aria-label={t('accounts')}>
      <ul>
        {row('', t('all'))}
        {l.accounts.map((a) =>
          row(
            a.account,
            pick(a.title) || a.account,
            money(l, a.balance),
            a.floor === null || a.floor === undefined || a.floor === 'none'
              ? ''
              : t('floor', { n: money(l, a.floor) }),
          ),
        )}
      </ul>
      {more && (
        <button type="button" class="btn plain lg-open" onClick={more}>
          {t('open')}
        </button>
      )}
    </nav>
  );
}

function Entries({
  l,
  list,
  account,
  acts,
  undo,
}: {
  l: Ledger;
  list: readonly Txn[];
  account: string;
  acts: boolean;
  undo: (x: Txn) => void;
}) {
  return (
    <table class="wide-table lined lg-entries">
      <thead>
        <tr>
          <th scope="col">{t('day')}</th>
          <th scope="col">{t('text')}</th>
          <th scope="col">{t('account')}</th>
          <th scope="col" class="num">
            {t('amount')} {unitSign(pick(l.unit ?? ''))}
          </th>
          <th scope="col" class="num">
            {t('after')}
          </th>
          <th scope="col">{t('by')}</th>
          <th scope="col">
            <span class="sr">{t('reverse')}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {list.map((x) => {
          const lines = account
            ? x.lines
                .filter((p) => p.account === account)
                .map((p) => ({ ...p, balance: x.balance ?? p.balance }))
            : x.lines;
          return lines.map((p, i) => (
            <tr key={`${x.txn}-${i}`} class={i === 0 ? 'lg-first' : ''}>
              <td>{i === 0 ? x.day : ''}</td>
              <td>
                {i === 0 && (
                  <>
                    {x.text} <span class="hint">{t('no', { n: x.txn })}</span>{' '}
                    {x.reverses ? (
                      <span class="mark">{t('reverses', { n: x.reverses })}</span>
                    ) : null}
                    {x.reversed_by ? <span class="mark">{t('reversed')}</span> : null}
                  </>
                )}
              </td>
              <td>{accountTitle(l, p.account)}</td>
              <td class="num">{money(l, p.amount)}</td>
              <td class="num">{money(l, p.balance)}</td>
              <td class="hint">{i === 0 ? personName(x.by) : ''}</td>
              <td>
                {i === 0 && l.may?.post !== false && !x.reversed_by && !x.reverses && (
                  <button type="button" class="btn plain" disabled={!acts} onClick={() => undo(x)}>
                    {t('reverse')}
                  </button>
                )}
              </td>
            </tr>
          ));
        })}
      </tbody>
    </table>
  );
}

export default function LedgersScreen() {
  const q = route.value.query;
  const id = route.value.parts[1] ?? room.value.ledgers[0]?.id ?? '';
  const at = replaying.value ? Math.floor(replayAt.value / 60_000) * 60_000 : null;
  const account = q.account ?? '';
  const read = useRead<Ledger>(id ? `/ledgers/${id}` : null, { at });
  const list = useRead<{ items: Txn[]; next?: string | null } | Txn[]>(
    id ? `/ledgers/${id}/entries` : null,
    { account, to: at, limit: 500 },
  );
  const [posting, setPosting] = useState(false);
  const [ask, dialog] = useAsk();
  const again = () => {
    read.again();
    list.again();
  };
  useHeard(['posting'], again);
  const l = read.data;
  const entries = list.data ? (Array.isArray(list.data) ? list.data : list.data.items) : [];
  const acts = canAct.value && !at;
  const today = day(live.now.value || Date.now());
  return (
    <div class="desk">
      <div class="desk-head">
        <h1 class="sr">{title()}</h1>
        <Tabs
          label={title()}
          current={id}
          tabs={room.value.ledgers.map((x) => ({ id: x.id, title: pick(x.title) }))}
          onChange={(x) => go(['ledgers', x])}
        />
        <span class="grow" />
        {l?.closed_until && <span class="mark">{t('closed', { day: l.closed_until })}</span>}
        {l && l.may?.close !== false && (
          <button
            type="button"
            class="btn"
            disabled={!acts}
            onClick={() => close(l, today, ask, again)}
          >
            {t('close')}
          </button>
        )}
        {l && l.may?.post !== false && (
          <button
            type="button"
            class="btn primary"
            disabled={!acts}
            onClick={() => setPosting(true)}
          >
            {t('post')}
          </button>
        )}
      </div>
      <div class="desk-bar">{at && <b>{t('past', { at: fullStamp(at) })}</b>}</div>
      <div class="desk-body fill">
        <Waiting read={read}>
          {l && (
            <div class="lg">
              <Accounts
                l={l}
                account={account}
                more={l.may?.close !== false && acts ? () => open(l, ask, again) : null}
              />
              {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region is reached by keys */}
              <div class="lg-body" tabIndex={0} role="region" aria-label={t('entries')}>
                <Waiting read={list}>
                  <Entries
                    l={l}
                    list={entries}
                    account={account}
                    acts={acts}
                    undo={(x) => reverse(x, today, ask, again)}
                  />
                  {entries.length === 0 && (
                    <p class="hint pad">{t(l.accounts.length ? 'none' : 'none.accounts')}</p>
                  )}
                </Waiting>
              </div>
            </div>
          )}
        </Waiting>
      </div>
      {posting && l && (
        <PostDialog l={l} today={today} onClose={() => setPosting(false)} onDone={again} />
      )}
      {dialog}
    </div>
  );
}
