// SPDX-License-Identifier: Apache-2.0
/** Proposals that wait for the second person. */
import type { Proposal } from '../../api/records';
import { can, me } from '../../api/session';
import { site } from '../../api/site';
import { canAct } from '../../api/world';
import { decimalsOf, fullStamp, num, unitSign } from '../../app/format';
import { type AskSpec, useAsk } from '../../records/Ask';
import { limitName, Waiting } from '../../records/Parts';
import type { Reading } from '../../records/use';
import { toast } from '../../ui/Toast';
import { t } from './texts';

function texts(p: Proposal) {
  const point = site.value.pointById.get(p.point);
  const d = decimalsOf(point?.resolution ?? 0.01);
  return {
    name: site.value.pointName(p.point),
    limit: limitName(p.name),
    before: p.before === undefined ? '–' : num(p.before, d),
    value: num(p.value, d),
    unit: point ? site.value.unitOf(point) : '',
  };
}

function approval(p: Proposal): AskSpec {
  return {
    title: t('approve'),
    explain: t('confirm', texts(p)),
    verb: 'limit.approve',
    fields: [],
    args: () => ({ proposal: p.id }),
    done: () => toast(t('approved')),
  };
}

function rejection(p: Proposal): AskSpec {
  return {
    title: t('reject'),
    verb: 'limit.reject',
    fields: [{ name: 'reason', label: t('reject.reason'), kind: 'area' }],
    args: (v) => ({ proposal: p.id, ...v }),
    done: () => toast(t('rejected')),
  };
}

export function Proposals({ read }: { read: Reading<{ items: Proposal[] }> }) {
  const [ask, dialog] = useAsk();
  const items = read.data?.items ?? [];
  return (
    <div class="desk-body">
      <Waiting read={read}>
        {items.length === 0 ? (
          <p class="hint pad">{t('none')}</p>
        ) : (
          <table class="wide-table lined">
            <thead>
              <tr>
                {(
                  [
                    'col.point',
                    'col.limit',
                    'col.now',
                    'col.new',
                    'col.by',
                    'col.at',
                    'col.reason',
                    'col.act',
                  ] as const
                ).map((k) => (
                  <th key={k} scope="col" class={k === 'col.now' || k === 'col.new' ? 'num' : ''}>
                    {t(k)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {items.map((p) => {
                const x = texts(p);
                const own = p.by === me.value?.user;
                return (
                  <tr key={p.id}>
                    <td>
                      <a href={`#/point/${encodeURIComponent(p.point)}`}>{x.name}</a>
                    </td>
                    <td>{x.limit}</td>
                    <td class="num">{x.before}</td>
                    <td class="num">
                      <b>{x.value}</b> {unitSign(x.unit ?? '')}
                    </td>
                    <td>{p.by}</td>
                    <td>{fullStamp(p.at)}</td>
                    <td>{p.reason}</td>
                    <td>
                      {can('limit.approve') && (
                        <span class="row">
                          <button
                            type="button"
                            class="btn primary"
                            disabled={own || !canAct.value}
                            onClick={() => ask(approval(p))}
                          >
                            {t('approve')}
                          </button>
                          <button
                            type="button"
                            class="btn"
                            disabled={!canAct.value}
                            onClick={() => ask(rejection(p))}
                          >
                            {t('reject')}
                          </button>
                          {own && <span class="hint">{t('own')}</span>}
                        </span>
                      )}
                    </td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        )}
      </Waiting>
      {dialog}
    </div>
  );
}
