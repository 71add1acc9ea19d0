// SPDX-License-Identifier: Apache-2.0
/** Wind sensors against the network: which say other than all the rest, and what the others find. */
import { site } from '../../api/site';
import { num } from '../../app/format';
import { type Airflow, type Airway, contradicting, FAR_RESISTANCE, resisting } from './state';
import { t } from './texts';

export function Contradicting({ now }: { now: Airflow }) {
  const list = contradicting(now);
  return (
    <section class="stack" aria-label={t('contradict')}>
      <h2>{t('contradict')}</h2>
      {list.length === 0 ? (
        <p class="hint">{t(now.state === 'solved' ? 'contradict.none' : 'contradict.unknown')}</p>
      ) : (
        <>
          <p class="hint">{t('contradict.how')}</p>
          <table class="wide-table lined">
            <thead>
              <tr>
                <th scope="col">{t('col.sensor')}</th>
                <th scope="col" class="num">
                  {t('col.reads')}
                </th>
                <th scope="col" class="num">
                  {t('col.others')}
                </th>
                <th scope="col" class="num">
                  {t('col.off')}
                </th>
              </tr>
            </thead>
            <tbody>
              {list.map((i) => (
                <tr key={i.id}>
                  <td>
                    <a href={`#/point/${encodeURIComponent(i.wind.point)}`}>
                      {site.value.pointName(i.wind.point)}
                    </a>{' '}
                    <span class="hint">{i.wind.point}</span>
                  </td>
                  <td class="num">{num(Math.abs(i.wind.speed), 2)}</td>
                  <td class="num">
                    {i.speed === undefined || i.speed === null ? '–' : num(Math.abs(i.speed), 2)}
                  </td>
                  <td class="num">
                    {i.wind.normalised === null ? '–' : num(Math.abs(i.wind.normalised), 1)}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </>
      )}
    </section>
  );
}

/** Roadways that the measured wind says resist otherwise than the table has it. */
export function Resisting({ now, name }: { now: Airflow; name: (a: Airway) => string }) {
  const list = resisting(now);
  const known = now.items.some((i) => typeof i.r_part === 'number');
  return (
    <section class="stack" aria-label={t('resist')}>
      <h2>{t('resist')}</h2>
      {list.length === 0 ? (
        <p class="hint">{t(known ? 'resist.none' : 'resist.unknown', { far: FAR_RESISTANCE })}</p>
      ) : (
        <>
          <p class="hint">{t('resist.how')}</p>
          <table class="wide-table lined">
            <thead>
              <tr>
                <th scope="col">{t('col.name')}</th>
                <th scope="col" class="num">
                  {t('col.times')}
                </th>
              </tr>
            </thead>
            <tbody>
              {list.map((i) => (
                <tr key={i.id}>
                  <td>{name(i)}</td>
                  <td class="num">{num(i.r_part, 2)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </>
      )}
    </section>
  );
}
