// SPDX-License-Identifier: Apache-2.0
/** The matrix that a range has to have: sensor → switches → feed states. Prints as it stands. */
import type { RangeRow } from '../../api/records';
import { site } from '../../api/site';
import { world } from '../../api/world';
import { fullStamp } from '../../app/format';
import { pick } from '../../app/i18n';
import { route, setQuery } from '../../app/router';
import { RefreshButton, Waiting } from '../../records/Parts';
import type { Reading } from '../../records/use';
import { CheckField } from '../../ui/Field';
import { Value } from '../../ui/Value';
import { gaps } from './rows';
import { t } from './texts';

function PointCell({ id }: { id: string }) {
  const p = site.value.pointById.get(id);
  return (
    <>
      <a href={`#/point/${encodeURIComponent(id)}`}>{site.value.pointName(id)}</a>{' '}
      <span class="hint">{id}</span> {p && <Value point={p} />}
    </>
  );
}

function Missing({ what }: { what: 'range' | 'switch' | 'feed' }) {
  return (
    <b class="range-missing">
      ✕ {t('missing')}: {t(`missing.${what}`)}
    </b>
  );
}

function rangeTitle(r: RangeRow): string {
  return pick(site.value.site.ranges?.find((x) => x.id === r.range)?.title) || r.range || '';
}

function Rows({ r }: { r: RangeRow }) {
  const n = Math.max(1, r.switches.length);
  const head = (
    <>
      <th scope="rowgroup" rowSpan={n}>
        <PointCell id={r.point} />
        <div class="hint">{site.value.placeName(r.place)}</div>
      </th>
      <td rowSpan={n}>
        {r.range ? rangeTitle(r) : <Missing what="range" />}
        <div class="hint">{pick(r.range_text)}</div>
      </td>
    </>
  );
  if (r.switches.length === 0) {
    return (
      <tbody>
        <tr>
          {head}
          <td colSpan={2}>{r.range && <Missing what="switch" />}</td>
        </tr>
      </tbody>
    );
  }
  return (
    <tbody>
      {r.switches.map((s, i) => (
        <tr key={s.output}>
          {i === 0 && head}
          <td>
            <PointCell id={s.output} />
          </td>
          <td>{s.feed ? <PointCell id={s.feed} /> : <Missing what="feed" />}</td>
        </tr>
      ))}
    </tbody>
  );
}

export function Ranges({ read }: { read: Reading<{ items: RangeRow[] }> }) {
  const only = !!route.value.query.gaps;
  const all = read.data?.items.filter((r) => r.cuts) ?? [];
  const n = all.reduce((sum, r) => sum + gaps(r), 0);
  return (
    <>
      <div class="desk-bar noprint">
        <span class="grow">{t('ranges.intro')}</span>
        <b>{n ? t('gaps', { n }) : t('complete')}</b>
        <CheckField
          label={t('only.gaps')}
          checked={only}
          onChange={(on) => setQuery({ gaps: on ? '1' : null })}
        />
        <RefreshButton read={read} />
        <button type="button" class="btn" onClick={() => print()}>
          {t('print')}
        </button>
      </div>
      <div class="desk-body">
        <Waiting read={read}>
          <table class="wide-table lined ranges-table">
            <caption>
              {pick(site.value.site.name)} · {t('tab.ranges')} · {fullStamp(world.value.now.peek())}{' '}
              · {n ? t('gaps', { n }) : t('complete')}
            </caption>
            <thead>
              <tr>
                <th scope="col">{t('col.point')}</th>
                <th scope="col">{t('range')}</th>
                <th scope="col">{t('switch')}</th>
                <th scope="col">{t('feed')}</th>
              </tr>
            </thead>
            {all
              .filter((r) => !only || gaps(r) > 0)
              .map((r) => (
                <Rows key={r.point} r={r} />
              ))}
          </table>
        </Waiting>
      </div>
    </>
  );
}
