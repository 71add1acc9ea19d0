// SPDX-License-Identifier: Apache-2.0
import './incidents.css';
import { useEffect } from 'preact/hooks';
import { url } from '../../api/client';
import { can } from '../../api/session';
import { site } from '../../api/site';
import type { Incident } from '../../api/types';
import { world } from '../../api/world';
import { fullStamp, span } from '../../app/format';
import { lang, pick } from '../../app/i18n';
import { incidents, load } from './state';
import { t } from './texts';

type Step = Incident['steps'][number];

function why(s: Step): string {
  const text = s.text ?? '';
  if (s.state === 'unavailable') return t(`why.${text}` as 'why.no-people');
  if (!text) return '';
  return s.step === 'cut' || s.step === 'broadcast' || s.step === 'people' || s.step === 'routes'
    ? t(`of.${s.step}` as 'of.cut', { text })
    : text;
}

const MARK: Record<Step['state'], string> = {
  waiting: '…',
  sent: '…',
  done: '✓',
  proved: '✓✓',
  failed: '!',
  unavailable: '–',
};

function Steps({ x }: { x: Incident }) {
  return (
    <table class="wide-table">
      <thead>
        <tr>
          <th scope="col">{t('step')}</th>
          <th scope="col">{t('state')}</th>
          <th scope="col" class="num">
            {t('after')}
          </th>
          <th scope="col">{t('text')}</th>
        </tr>
      </thead>
      <tbody>
        {x.steps.map((s) => (
          <tr key={s.step} class={`incident-${s.state}`}>
            <td>{t(`step.${s.step}`)}</td>
            <td>
              <b>
                {MARK[s.state]} {t(`state.${s.state}`)}
              </b>
            </td>
            <td class="num">
              {s.state === 'waiting' ? '' : `${(s.after_ms / 1000).toFixed(2)} s`}
            </td>
            <td>{why(s)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Links({ x }: { x: Incident }) {
  const file = (kind: string, id: number, format: string) =>
    url(`/${kind}/${id}/report`, { format, lang: lang.value });
  const reports = can('history.read');
  return (
    <p class="incident-links">
      {x.record && (
        <a class="btn" href={`#/registers/${x.register}/${x.record}`}>
          {t('open.case')}
        </a>
      )}
      {x.evacuation && (
        <a class="btn" href="#/people">
          {t('people')}
        </a>
      )}
      {x.steps.some((s) => s.step === 'cameras' && s.state === 'done') && (
        <a class="btn" href="#/cameras">
          {t('cameras')}
        </a>
      )}
      {reports &&
        ['pdf', 'xlsx'].map((f) => (
          <a key={f} class="btn" href={file('incidents', x.id, f)} download>
            {t('report')} {f.toUpperCase()}
          </a>
        ))}
      {reports &&
        x.evacuation &&
        ['pdf', 'xlsx'].map((f) => (
          <a key={f} class="btn" href={file('evacuations', x.evacuation ?? 0, f)} download>
            {t('evacuation.report')} {f.toUpperCase()}
          </a>
        ))}
    </p>
  );
}

function One({ x }: { x: Incident }) {
  const rule = site.value.rules.get(x.rule);
  return (
    <section class="card incident" aria-label={`${t('title')} ${x.id}`}>
      <h2>
        {x.drill && <b>[{t('drill')}] </b>}
        {site.value.placeName(x.place)} · {rule ? pick(rule.title) : x.rule}
      </h2>
      <p>
        {[
          `${t('point')} ${x.point}`,
          `${t('began')} ${fullStamp(x.at)}`,
          t('clock', { time: span(Math.max(0, world.value.now.value - x.at)) }),
          t('persons', { n: x.persons }),
        ].join(' · ')}
      </p>
      <Steps x={x} />
      <Links x={x} />
    </section>
  );
}

export default function IncidentsScreen() {
  useEffect(() => {
    void load();
  }, []);
  const all = incidents.value;
  return (
    <div class="page incidents">
      <h1>{t('title')}</h1>
      {all.length === 0 && <p class="hint">{t('none')}</p>}
      {all.map((x) => (
        <One key={x.id} x={x} />
      ))}
    </div>
  );
}
