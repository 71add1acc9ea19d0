// SPDX-License-Identifier: Apache-2.0
/** One alarm: its written meaning, its values, its course, and what to do with it. */
import './alarms.css';
import { useEffect, useState } from 'preact/hooks';
import { overAt } from '../../api/alarms';
import { api } from '../../api/client';
import type { Alarm, AlarmDetail, JournalItem, LimitInfo, RuleInfo, Source } from '../../api/model';
import { gradeOf, type Reading } from '../../api/points';
import { can } from '../../api/session';
import { site } from '../../api/site';
import { canAct, lost, replaying, world } from '../../api/world';
import { app } from '../../app/app';
import { decimalsOf, fullStamp, hms, num, span, stamp, unitSign } from '../../app/format';
import { pick } from '../../app/i18n';
import { Lazy } from '../../app/Lazy';
import type { Target } from '../../app/selection';
import { MiniTrend } from '../../ui/MiniTrend';
import { AlarmTag, stateWord } from '../../ui/Tag';
import { Value } from '../../ui/Value';
import { noting, returnToService, takingOut, unshelve } from './actions';
import { t } from './texts';

function clauseText(c: Source | undefined): string {
  if (!c?.standard) return '';
  const mark = c.verified === undefined ? '' : ` (${t(c.verified ? 'verified' : 'unverified')})`;
  const edition = c.edition && !c.standard.endsWith(c.edition) ? ` ${c.edition}` : '';
  return `${c.standard}${edition} ${c.clause ?? ''}${mark}`;
}

function Meaning({ rule }: { rule: RuleInfo | undefined }) {
  if (!rule) return null;
  const within = rule.within_s ? t('within', { span: span(rule.within_s * 1000) }) : '';
  return (
    <dl class="meaning">
      <dt>{t('cause')}</dt>
      <dd>{pick(rule.cause) || '–'}</dd>
      <dt>{t('consequence')}</dt>
      <dd>{pick(rule.consequence) || '–'}</dd>
      <dt>
        {t('action')} {within && <span class="hint">{within}</span>}
      </dt>
      <dd>
        <b>{pick(rule.action) || '–'}</b>
      </dd>
      {rule.clause?.standard && (
        <>
          <dt>{t('clause')}</dt>
          <dd class="hint">{clauseText(rule.clause)}</dd>
        </>
      )}
    </dl>
  );
}

/** The limit it was raised at, for the curve. */
function limitsOf(a: Alarm): LimitInfo[] {
  if (a.limit === undefined || a.limit === null) return [];
  return [{ name: a.category === 'cut' ? 'cut' : 'alarm', value: a.limit }];
}

/** The furthest it went, this moment included: alarms are told when they change, not at each value. */
function peakOf(a: Alarm, now: Reading): number | null {
  const told = a.peak ?? null;
  if (overAt(a) !== null || now.v === null || gradeOf(now.q) === 'bad') return told;
  const low = a.limit !== undefined && (told ?? a.value ?? a.limit) < a.limit;
  return told === null ? now.v : low ? Math.min(told, now.v) : Math.max(told, now.v);
}

function Numbers({ a }: { a: Alarm }) {
  const p = site.value.pointById.get(a.point);
  const d = decimalsOf(p?.resolution ?? 0.01);
  const n = (v: number | undefined) =>
    v === undefined || v === null ? '–' : `${num(v, d)} ${unitSign(a.unit ?? '')}`;
  const peak = p?.kind === 'analog' ? peakOf(a, world.value.points.at(p.i).value) : null;
  return (
    <dl class="kv">
      {p && (
        <>
          <dt>{t('now')}</dt>
          <dd>
            <Value point={p} withAge />
          </dd>
        </>
      )}
      {a.limit !== undefined && a.limit !== null && (
        <>
          <dt>{t('limit')}</dt>
          <dd>{n(a.limit)}</dd>
        </>
      )}
      {peak !== null && (
        <>
          <dt>{t('peak')}</dt>
          <dd>{n(peak)}</dd>
        </>
      )}
      <dt>{t('raised')}</dt>
      <dd>{fullStamp(a.raised)}</dd>
      {a.air && (
        <>
          <dt>{t('air')}</dt>
          <dd>{t(`air.${a.air}`)}</dd>
        </>
      )}
      {!!overAt(a) && (
        <>
          <dt>{t('cleared')}</dt>
          <dd>{fullStamp(overAt(a)!)}</dd>
        </>
      )}
      {!!a.acked && (
        <>
          <dt>{t('acked')}</dt>
          <dd>
            {fullStamp(a.acked)} {a.by}
          </dd>
        </>
      )}
      {a.note && (
        <>
          <dt>{t('ack.noteField')}</dt>
          <dd>{a.note}</dd>
        </>
      )}
      {a.state === 'shelved' && !!a.until && (
        <>
          <dt>{t('col.until')}</dt>
          <dd>{stamp(a.until)}</dd>
        </>
      )}
    </dl>
  );
}

function Buttons({ a, target }: { a: Alarm; target: Target }) {
  const actions = app.actions.list.filter(
    (x) => x.on.includes('alarm') && !(x.acts && replaying.value) && (x.when?.(target) ?? true),
  );
  const act = canAct.value;
  return (
    <div class="row wrap">
      {actions.map((x) => (
        <button
          key={x.id}
          type="button"
          class={x.id === 'alarm.ack' ? 'btn primary' : 'btn'}
          disabled={x.acts === true && lost.value}
          onClick={() => x.run(target)}
        >
          {x.title()}
          {x.key && <kbd>{x.key}</kbd>}
        </button>
      ))}
      {act && (a.state === 'unack' || a.state === 'rtn') && can('alarm.ack') && (
        <button type="button" class="btn" onClick={() => (noting.value = [a])}>
          {t('ack.note')}
        </button>
      )}
      {act && a.state === 'shelved' && can('alarm.shelve') && (
        <button type="button" class="btn" onClick={() => unshelve(a)}>
          {t('unshelve')}
        </button>
      )}
      {act && a.state === 'oos' && can('alarm.oos') && (
        <button type="button" class="btn" onClick={() => returnToService(a)}>
          {t('return')}
        </button>
      )}
      {act && !a.statutory && a.state !== 'oos' && a.state !== 'normal' && can('alarm.oos') && (
        <button type="button" class="btn" onClick={() => (takingOut.value = a)}>
          {t('oos')}
        </button>
      )}
      {a.statutory && <span class="hint">{t('statutory')}</span>}
    </div>
  );
}

/** What happened to this alarm, out of the journal. */
function useCourse(a: Alarm): JournalItem[] {
  const [items, setItems] = useState<JournalItem[]>([]);
  // read anew when the alarm changes
  useEffect(() => {
    let gone = false;
    setItems([]);
    if (!can('history.read')) return undefined;
    api
      .get<{ items: JournalItem[] }>('/events', {
        type: 'alarm',
        point: a.point,
        from: a.raised - 1000,
        limit: 200,
      })
      .then((r) => {
        if (!gone) setItems(r.items.filter((i) => i.body.id === a.id).reverse());
      })
      .catch(() => undefined);
    return () => {
      gone = true;
    };
  }, [a.id, a.state]);
  return items;
}

function Course({ a }: { a: Alarm }) {
  const items = useCourse(a);
  if (items.length === 0) return null;
  const word = (c: unknown) => t(`change.${c}` as Parameters<typeof t>[0]);
  return (
    <section>
      <h4>{t('changes')}</h4>
      <ol class="course">
        {items.map((i) => (
          <li key={i.seq}>
            <time>{hms(i.time)}</time> {word(i.body.change)} {String(i.body.by ?? '')}{' '}
            {String(i.body.note ?? '')}
          </li>
        ))}
      </ol>
    </section>
  );
}

/** An alarm that is not in the list: one that somebody linked to. */
function useDetail(id: number, needed: boolean): Alarm | null {
  const [detail, setDetail] = useState<Alarm | null>(null);
  useEffect(() => {
    let gone = false;
    setDetail(null);
    if (!needed) return undefined;
    api.get<AlarmDetail>(`/alarms/${id}`).then(
      (d) => !gone && setDetail(d.alarm),
      () => undefined,
    );
    return () => {
      gone = true;
    };
  }, [id, needed]);
  return detail;
}

export default function AlarmCard({
  target,
  known,
}: {
  target: Target;
  known?: Alarm | undefined;
}) {
  const id = Number(target.id);
  const book = world.value.alarms.get(id);
  const detail = useDetail(id, !book && !known);
  const a = book ?? known ?? detail;
  if (!a) return <p class="pad hint">{t('gone')}</p>;
  const s = site.value;
  const p = s.pointById.get(a.point);
  const sections = app.sections.list.filter(
    (x) => x.on.includes('alarm') && (x.when?.(target) ?? true),
  );
  return (
    <article class="alarm-card">
      <header>
        <h2>
          <AlarmTag alarm={a} text /> {s.alarmTitle(a)}
        </h2>
        <p>
          <a href={`#/o/${encodeURIComponent(a.point)}`}>{s.alarmName(a)}</a> · {a.point}
        </p>
        <p class="hint">
          {s.alarmPlace(a)} · {stateWord(a.state)}
        </p>
      </header>
      <Buttons a={a} target={target} />
      <Numbers a={a} />
      {p && p.kind === 'analog' && <MiniTrend point={p} label={t('hour1')} limits={limitsOf(a)} />}
      <Meaning rule={s.rules.get(a.rule)} />
      <Course a={a} />
      {sections.map((x) => (
        <section key={x.id}>
          <h4>{x.title()}</h4>
          <Lazy load={x.load} props={{ target }} />
        </section>
      ))}
    </article>
  );
}
