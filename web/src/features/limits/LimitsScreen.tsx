// SPDX-License-Identifier: Apache-2.0
import '../../records/records.css';
import './limits.css';
import type { LimitRow, Proposal, RangeRow } from '../../api/records';
import { route, setQuery } from '../../app/router';
import { useHeard, useRead } from '../../records/use';
import { Tabs } from '../../ui/Tabs';
import { Matrix } from './Matrix';
import { Proposals } from './Proposals';
import { Ranges } from './Ranges';
import { t } from './texts';
import { title } from './title';

export default function LimitsScreen() {
  const tab = route.value.query.tab ?? 'matrix';
  const limits = useRead<{ items: LimitRow[] }>('/limits');
  const proposals = useRead<{ items: Proposal[] }>('/proposals');
  const ranges = useRead<{ items: RangeRow[] }>(tab === 'ranges' ? '/ranges' : null);
  useHeard(['limit', 'site'], () => {
    limits.again();
    proposals.again();
  });
  return (
    <div class="desk">
      <div class="desk-head">
        <h1 class="sr">{title()}</h1>
        <Tabs
          label={title()}
          current={tab}
          tabs={[
            { id: 'matrix', title: t('tab.matrix') },
            {
              id: 'proposals',
              title: t('tab.proposals', { n: proposals.data?.items.length ?? '…' }),
            },
            { id: 'ranges', title: t('tab.ranges') },
          ]}
          onChange={(id) => setQuery({ tab: id === 'matrix' ? null : id })}
        />
      </div>
      {tab === 'proposals' ? (
        <>
          <div />
          <Proposals read={proposals} />
        </>
      ) : tab === 'ranges' ? (
        <Ranges read={ranges} />
      ) : (
        <Matrix read={limits} open={proposals.data?.items ?? []} />
      )}
    </div>
  );
}
