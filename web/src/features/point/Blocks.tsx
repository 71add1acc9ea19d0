// SPDX-License-Identifier: Apache-2.0
/** The blocks of the page: limits, power side, calibrations, tests, manual value, rules, events. */
import type { ComponentChildren } from 'preact';
import { useMemo } from 'preact/hooks';
import { overAt } from '../../api/alarms';
import type { Alarm, PointInfo } from '../../api/model';
import { personName } from '../../api/people';
import type { JournalEvent, PointRecords } from '../../api/records';
import { can, me } from '../../api/session';
import { site } from '../../api/site';
import { canAct, world } from '../../api/world';
import { decimalsOf, fullStamp, num, span, stamp } from '../../app/format';
import { pick } from '../../app/i18n';
import type { AskSpec } from '../../records/Ask';
import * as decide from '../../records/decisions';
import { byOf, describe, typeOf, typeWord } from '../../records/describe';
import { limitName, SourceText, Waiting } from '../../records/Parts';
import { useRead } from '../../records/use';
import { AlarmTag, stateWord } from '../../ui/Tag';
import { Value } from '../../ui/Value';
import { t } from './texts';

const MONTH = 30 * 86_400_000;

interface BlockProps {
  p: PointInfo;
  d: PointRecords;
  ask: (s: AskSpec) => void;
}

export function Block({
  title,
  act,
  children,
}: {
  title: string;
  act?: ComponentChildren;
  children: ComponentChildren;
}) {
  return (
    <section class="card">
      <header>
        <h2>{title}</h2>
        {act}
      </header>
      <div class="body stack">{children}</div>
    </section>
  );
}

function Act({
  right,
  onClick,
  children,
}: {
  right: string;
  onClick: () => void;
  children: ComponentChildren;
}) {
  if (!can(right)) return null;
  return (
    <button type="button" class="btn" disabled={!canAct.value} onClick={onClick}>
      {children}
    </button>
  );
}

export function limitsOf(d: PointRecords) {
  return d.pack_limits ? decide.inForce(d.pack_limits, d.limits ?? [], d.pack_limits.clause) : [];
}

export function Limits({ p, d, ask }: BlockProps) {
  const list = limitsOf(d);
  const dec = decimalsOf(p.resolution);
  return (
    <Block
      title={t('limits')}
      act={
        list.length > 0 && (
          <Act right="limit.propose" onClick={() => ask(decide.propose(p, list))}>
            {t('propose')}
          </Act>
        )
      }
    >
      {list.length === 0 && <p class="hint">{t('limits.none')}</p>}
      {list.length > 0 && (
        <table class="wide-table lined">
          <thead>
            <tr>
              <td />
              <th scope="col" class="num">
                {t('inforce')}
              </th>
              <th scope="col" class="num">
                {t('pack')}
              </th>
              <th scope="col" class="num">
                {t('clause')}
              </th>
              <th scope="col">{t('change')}</th>
            </tr>
          </thead>
          <tbody>
            {list.map((l) => (
              <tr key={l.name}>
                <th scope="row">{limitName(l.name)}</th>
                <td class="num nowrap">
                  <b>{num(l.value, dec)}</b> {site.value.unitOf(p)}
                </td>
                <td class="num hint">{num(l.pack, dec)}</td>
                <td class="num hint">{l.clause === undefined ? '' : num(l.clause, dec)}</td>
                <td>
                  {l.change && (
                    <div class="hint">
                      {t('change.by', {
                        by: l.change.by,
                        second: l.change.second,
                        at: stamp(l.change.at),
                        reason: l.change.reason,
                      })}
                    </div>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {list.length > 0 && (
        <p>
          <span class="hint">{t('source')}</span> <SourceText source={d.pack_limits?.source} />
        </p>
      )}
      {d.proposals?.map((x) => (
        <p key={x.id} class="error">
          <a href="#/limits?tab=proposals">
            {t('waiting', {
              limit: limitName(x.name),
              value: num(x.value, dec),
              by: x.by,
              reason: x.reason,
            })}
          </a>
        </p>
      ))}
    </Block>
  );
}

function PointLine({ id }: { id: string }) {
  const o = site.value.pointById.get(id);
  if (!o) return <span>{id}</span>;
  return (
    <>
      <a href={`#/point/${encodeURIComponent(id)}`}>{site.value.pointName(id)}</a>{' '}
      <Value point={o} />
    </>
  );
}

export function Power({ p, d }: { p: PointInfo; d: PointRecords }) {
  const outputs = world.value.outputs.value;
  const feedOf = p.kind === 'output' ? p.feed : undefined;
  if (!p.cutoff && !d.cuts?.length && !feedOf) return null;
  return (
    <Block title={feedOf ? t('feed') : t('power')}>
      {d.pack_limits?.range_text && <p class="hint">{pick(d.pack_limits.range_text)}</p>}
      {feedOf && <PointLine id={feedOf} />}
      {p.cutoff && !d.cuts?.length && <p class="error">{t('power.none')}</p>}
      <ul class="stack">
        {d.cuts?.map((id) => {
          const o = site.value.pointById.get(id);
          const latched = outputs.get(id)?.latched_by?.includes(p.id);
          return (
            <li key={id} class="row wrap">
              <PointLine id={id} />
              {latched && <span class="mark">{t('latched')}</span>}
              {o?.feed && (
                <span class="row hint">
                  → <PointLine id={o.feed} />
                </span>
              )}
            </li>
          );
        })}
      </ul>
    </Block>
  );
}

export function Calibrations({ p, d, ask }: BlockProps) {
  const list = [...(d.calibrations ?? [])].sort((a, b) => b.opened - a.opened);
  const open = list.find((c) => c.state === 'open');
  if (p.kind !== 'analog') return null;
  const dec = decimalsOf(p.resolution);
  return (
    <Block
      title={t('calibrations')}
      act={
        !open && (
          <Act right="calibration.write" onClick={() => ask(decide.openCalibration(p))}>
            {t('calibration.open')}
          </Act>
        )
      }
    >
      {open && (
        <div class="error row wrap">
          <span class="grow">
            {t('state.open')} · {open.by} · {open.gas} ·{' '}
            {open.until ? t('until', { at: stamp(open.until) }) : ''}
          </span>
          {open.by === me.value?.user ? (
            <span class="hint">{t('calibration.second')}</span>
          ) : (
            <Act right="calibration.write" onClick={() => ask(decide.extendCalibration(open))}>
              {t('calibration.extend')}
            </Act>
          )}
          <Act right="calibration.write" onClick={() => ask(decide.closeCalibration(open))}>
            {t('calibration.close')}
          </Act>
        </div>
      )}
      {list.length === 0 && <p class="hint">{t('none')}</p>}
      <ul class="stack">
        {list
          .filter((c) => c !== open)
          .slice(0, 6)
          .map((c) => (
            <li key={c.id}>
              <time class="hint">{fullStamp(c.opened)}</time> {t(`state.${c.state}`)} ·{' '}
              {[c.by, c.second].filter(Boolean).join(' + ')} · {c.gas}{' '}
              {c.peak !== undefined && t('peak', { value: num(c.peak, dec) })} {c.result}
            </li>
          ))}
      </ul>
    </Block>
  );
}

export function Tests({ p, d, ask }: BlockProps) {
  if (!p.cutoff && !d.tests?.length) return null;
  const x = d.tests?.[0];
  return (
    <Block
      title={t('tests')}
      act={
        <Act right="test.write" onClick={() => ask(decide.recordTest(p.id))}>
          {t('test.record')}
        </Act>
      }
    >
      <p>
        {x?.last_pass ? t('test.last', { at: fullStamp(x.last_pass) }) : t('test.never')}{' '}
        {x?.overdue && <span class="mark">{t('test.overdue')}</span>}
      </p>
      {x && (
        <p>
          <time class="hint">{fullStamp(x.at)}</time>{' '}
          <b>{t(x.passed ? 'test.passed' : 'test.failed')}</b> · {personName(x.by)} {x.note}
        </p>
      )}
    </Block>
  );
}

export function Manual({ p, d, ask }: BlockProps) {
  const m = d.manual?.[0];
  const feed = site.value.points.some((o) => o.feed === p.id);
  const refused = p.cutoff || feed || p.kind === 'output';
  if (refused && !m)
    return <Block title={t('manual')}>{<p class="hint">{t('manual.refused')}</p>}</Block>;
  return (
    <Block
      title={t('manual')}
      act={
        <>
          {m && (
            <Act right="manual.set" onClick={() => ask(decide.clearManual(p.id))}>
              {t('manual.clear')}
            </Act>
          )}
          <Act right="manual.set" onClick={() => ask(decide.setManual(p))}>
            {t('manual.set')}
          </Act>
        </>
      }
    >
      {m ? (
        <p class="error">
          {t('manual.is', { value: m.value, by: m.by, at: stamp(m.at), reason: m.reason ?? '' })}
        </p>
      ) : (
        <p class="hint">{t('none')}</p>
      )}
    </Block>
  );
}

export function Rules({ d }: { d: PointRecords }) {
  const list = (d.rules ?? []).map((id) => site.value.rules.get(id)).filter((r) => r !== undefined);
  return (
    <Block title={t('rules')}>
      {list.length === 0 && <p class="hint">{t('rules.none')}</p>}
      <ul class="stack">
        {list.map((r) => (
          <li key={r.id}>
            <b>{pick(r.title)}</b> <span class="hint">P{r.priority}</span>{' '}
            {r.statutory && <span class="mark">{t('statutory')}</span>}
            <div class="hint">
              <SourceText source={typeof r.clause === 'object' ? r.clause : undefined} />
            </div>
            <div>{pick(r.action)}</div>
          </li>
        ))}
      </ul>
    </Block>
  );
}

export function Alarms({ p }: { p: PointInfo }) {
  const now = world.value.now.peek();
  const from = useMemo(() => Math.round(now - MONTH), [now]);
  const past = useRead<{ items: Alarm[] }>('/alarms', {
    state: 'history',
    point: p.id,
    from,
    limit: 50,
  });
  const open = world.value.alarms.list.value.filter((a) => a.point === p.id);
  const over = (past.data?.items ?? []).filter(
    (a) => a.point === p.id && !open.some((o) => o.id === a.id),
  );
  return (
    <Block title={t('alarms')}>
      {open.length + over.length === 0 && <p class="hint">{t('alarms.none')}</p>}
      <ul class="stack">
        {[...open, ...over.slice(0, 12)].map((a) => (
          <li key={a.id} class="row">
            <AlarmTag alarm={a} />
            <span class="grow">{site.value.alarmTitle(a)}</span>
            <span class="hint">
              {stateWord(a.state)} {stamp(a.raised)}{' '}
              {overAt(a) === null ? '' : span(overAt(a)! - a.raised)}
            </span>
          </li>
        ))}
      </ul>
    </Block>
  );
}

/** Who changed what: all events of the point but the samples. */
export function Events({ p }: { p: PointInfo }) {
  const now = world.value.now.peek();
  const from = useMemo(() => Math.round(now - MONTH), [now]);
  const read = useRead<{ items: JournalEvent[] }>(can('history.read') ? '/events' : null, {
    point: p.id,
    from,
    limit: 60,
  });
  const items = (read.data?.items ?? []).filter(
    (e) => e.kind !== 'other' && e.body.verb !== 'console.hello',
  );
  return (
    <Block
      title={t('changes')}
      act={
        <a class="btn" href={`#/events?point=${encodeURIComponent(p.id)}`}>
          {t('more')}
        </a>
      }
    >
      <Waiting read={read}>
        {items.length === 0 && <p class="hint">{t('changes.none')}</p>}
        <ul class="stack">
          {items.slice(0, 20).map((e) => (
            <li key={e.seq}>
              <time class="hint">{stamp(e.time)}</time> <b>{typeWord(typeOf(e))}</b> {describe(e)}{' '}
              {byOf(e) && <span class="hint">— {byOf(e)}</span>}
            </li>
          ))}
        </ul>
      </Waiting>
    </Block>
  );
}
