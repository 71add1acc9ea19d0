// SPDX-License-Identifier: Apache-2.0
/**
 * Two-step control: the server's check is shown condition by condition before anything can be
 * executed; then the command's way is followed to its read-back and the proof by the feed state.
 */
import './command.css';
import { useEffect, useState } from 'preact/hooks';
import { api, request } from '../../api/client';
import type { Command, CommandState, Condition, Output, PointInfo } from '../../api/model';
import { can, me } from '../../api/session';
import { site } from '../../api/site';
import { canAct, live, replaying } from '../../api/world';
import { span } from '../../app/format';
import { nameOf, pick } from '../../app/i18n';
import { Dialog } from '../../ui/Dialog';
import { AreaField, TextField } from '../../ui/Field';
import { errorText } from '../../ui/Toast';
import { Value } from '../../ui/Value';
import { ENDED, preparing, stateText } from './state';
import { t } from './texts';

function useOutput(id: string): Output | null {
  const [o, setO] = useState<Output | null>(null);
  const tick = Math.floor(live.now.value / 2000);
  // the check is repeated while it is shown
  useEffect(() => {
    let gone = false;
    api.get<Output>(`/outputs/${encodeURIComponent(id)}`).then(
      (x) => !gone && setO(x),
      () => undefined,
    );
    return () => {
      gone = true;
    };
  }, [id, tick]);
  return o;
}

const unknown = (c: Condition) => c.ok === null || c.code === 'unknown';
const TOLD = new Set(['latch', 'tag', 'unread']);

/** The condition in the language of the screen; the server's own words where its kind is new. */
function conditionText(c: Condition): string {
  const s = site.value;
  const params = {
    rule: pick(s.rules.get(c.rule ?? '')?.title) || (c.rule ?? ''),
    point: s.pointName(c.point ?? ''),
    who: c.who ?? '',
  };
  if (c.code && TOLD.has(c.code)) {
    return t(`if.${c.code}.${c.ok ? 'ok' : 'bad'}` as Parameters<typeof t>[0], params);
  }
  return c.rule && c.point ? t('if.rule', params) : pick(c.text);
}

function Check({ o, opening }: { o: Output | null; opening: boolean }) {
  if (!o) return <p class="hint">{t('checking')}</p>;
  const conditions = o.interlock?.conditions ?? [];
  const bad = conditions.filter((c) => c.ok !== true).length;
  return (
    <div class="stack">
      {opening ? (
        <p>{t('interlock.open')}</p>
      ) : (
        <p class={bad ? 'error' : ''}>{bad ? t('interlock.bad', { n: bad }) : t('interlock.ok')}</p>
      )}
      <ul class="conditions">
        {conditions.map((c, i) => (
          <li key={i} class={c.ok === true ? 'ok' : 'bad'}>
            <b aria-hidden="true">{c.ok === true ? '✓' : unknown(c) ? '?' : '✗'}</b>{' '}
            {conditionText(c)}
            <span class="hint">
              {t(c.ok === true ? 'cond.ok' : unknown(c) ? 'cond.unknown' : 'cond.bad')}
            </span>
          </li>
        ))}
      </ul>
      {!!o.latched_by?.length && (
        <p class="error">
          {t('latched', { by: o.latched_by.map((x) => site.value.pointName(x)).join('、') })}
        </p>
      )}
      {o.tags?.map((x, i) => (
        <p key={i} class="error">
          {t('tagged', { by: x.by, reason: x.reason })}
        </p>
      ))}
      {o.two_person && !opening && <p>{t('twoPerson')}</p>}
    </div>
  );
}

const WAY: readonly CommandState[] = ['requested', 'confirmed', 'sent', 'readback', 'proved'];

function Progress({ c, p }: { c: Command; p: PointInfo }) {
  const at = WAY.indexOf(c.state);
  const failed = at < 0;
  return (
    <section>
      <h3>
        {t('progress')}: {site.value.word(p, c.value)}
      </h3>
      <ol class="way">
        {WAY.filter((s) => s !== 'confirmed' || c.second || c.state === 'confirmed').map((s) => (
          <li
            key={s}
            class={!failed && WAY.indexOf(s) <= at ? 'done' : ''}
            aria-current={s === c.state ? 'step' : undefined}
          >
            {stateText(s)}
          </li>
        ))}
      </ol>
      {failed && <p class="error">{stateText(c.state)}</p>}
      {c.text && <p>{c.text}</p>}
      {!!c.expires && !ENDED.has(c.state) && (
        <p class="hint">{t('expires', { span: span(c.expires - live.now.value) })}</p>
      )}
      <p class="hint">
        {c.by} {c.second ? `+ ${c.second}` : ''} {c.reason}
      </p>
    </section>
  );
}

function allowed(o: Output | null, opening: boolean): boolean {
  if (opening) return true;
  if (!o || o.interlock?.ok === false || o.latched_by?.length || o.tags?.length) return false;
  return (o.interlock?.conditions ?? []).every((c) => c.ok === true);
}

/** What a set-point may be set to, and what is wrong with the number that stands there. */
function limitsOf(p: PointInfo, o: Output | null, to: number): { text: string; bad: boolean } {
  const set = p.set;
  if (!set) return { text: '', bad: false };
  const from = o?.value == null ? null : Math.min(Math.max(o.value, set.lo), set.hi);
  const lo = from === null ? set.lo : Math.max(set.lo, from - set.step);
  const hi = from === null ? set.hi : Math.min(set.hi, from + set.step);
  const show = (v: number) => String(Number(v.toPrecision(6)));
  const text = t('set.limits', {
    lo: set.lo,
    hi: set.hi,
    step: set.step,
    from: show(lo),
    to: show(hi),
    unit: p.unit ?? '',
  });
  const slack = 1e-6 * set.step;
  return { text, bad: !(to >= lo - slack && to <= hi + slack) };
}

export default function CommandDialog({ output, value: given }: { output: string; value: number }) {
  const p = site.value.pointById.get(output);
  const o = useOutput(output);
  const [reason, setReason] = useState('');
  const [typed, setTyped] = useState('');
  const [number, setNumber] = useState('');
  const [error, setError] = useState('');
  const [mine, setMine] = useState(0);
  const close = () => {
    preparing.value = null;
  };
  if (!p) return null;
  const set = !!p.set;
  const entered = number.trim() === '' ? Number.NaN : Number(number);
  const value = set && Number.isNaN(given) ? entered : given;
  const opening = !set && value === (site.value.roleOf(p)?.opening ?? 0);
  const current = live.commands.value.get(output) ?? o?.command ?? null;
  const waiting =
    current?.state === 'requested' && (set || current.value === value) ? current : null;
  const follow = current && (current.id === mine || waiting) ? current : null;
  const feed = p.feed ? site.value.pointById.get(p.feed) : undefined;
  const told = waiting?.value ?? value;
  const word = Number.isNaN(told) ? '' : site.value.word(p, told);
  const limits = limitsOf(p, o, value);
  const blocked = replaying.value ? t('replay') : !canAct.value ? t('offline') : '';
  const ready =
    !blocked &&
    !limits.bad &&
    reason.trim() !== '' &&
    (opening || (typed.trim() === p.id && allowed(o, opening)));
  const send = (verb: string, args: Record<string, unknown>) => {
    setError('');
    request(verb, args).then(
      (v) => setMine(Number(v.result?.command ?? v.seq)),
      (e: unknown) => setError(errorText(e)),
    );
  };

  return (
    <Dialog
      class="command"
      title={t('title', { name: nameOf(p) })}
      onClose={close}
      footer={
        <>
          <button type="button" class="btn" onClick={close}>
            {t('close')}
          </button>
          {waiting ? (
            <>
              <button
                type="button"
                class="btn"
                disabled={!!blocked}
                onClick={() => send('output.cancel', { command: waiting.id })}
              >
                {t('cancel')}
              </button>
              <button
                type="button"
                class="btn primary"
                disabled={!!blocked || waiting.by === me.value?.user || !can('output.confirm')}
                onClick={() => send('output.confirm', { command: waiting.id })}
              >
                {t('confirm', { word })}
              </button>
            </>
          ) : (
            <button
              type="button"
              class="btn primary"
              disabled={!ready}
              onClick={() => send('output.command', { output, value, reason: reason.trim() })}
            >
              {o?.two_person && !opening
                ? t('request')
                : word
                  ? t('execute', { word })
                  : t('execute.none')}
            </button>
          )}
        </>
      }
    >
      <section>
        <h3>{t('step.select')} ✓</h3>
        <dl class="kv">
          <dt>{t('now')}</dt>
          <dd>
            <Value point={p} withAge />
          </dd>
          <dt>{t('target')}</dt>
          <dd>
            <b>{word || '—'}</b>
            {set && <span class="hint"> {limits.text}</span>}
          </dd>
          {feed && (
            <>
              <dt>{t('feed')}</dt>
              <dd>
                {nameOf(feed)} <Value point={feed} withAge />
              </dd>
            </>
          )}
        </dl>
      </section>
      <section>
        <h3>{t('step.check')}</h3>
        <Check o={o} opening={opening} />
      </section>
      <section>
        <h3>{t('step.execute')}</h3>
        {!waiting && (
          <div class="stack">
            {set && (
              <TextField
                label={t('set.value', { unit: p.unit ?? '' })}
                type="number"
                step="any"
                min={String(p.set?.lo)}
                max={String(p.set?.hi)}
                value={number}
                onInput={setNumber}
              />
            )}
            <AreaField label={t('reason')} value={reason} onInput={setReason} required />
            {!opening && (
              <TextField
                label={t('typed', { id: p.id })}
                autocomplete="off"
                value={typed}
                onInput={setTyped}
              />
            )}
          </div>
        )}
        {waiting?.by === me.value?.user && waiting && <p class="hint">{t('own')}</p>}
        {blocked && <p class="error">{blocked}</p>}
        {error && (
          <p class="error" role="alert">
            {error}
          </p>
        )}
      </section>
      {follow && <Progress c={follow} p={p} />}
    </Dialog>
  );
}
