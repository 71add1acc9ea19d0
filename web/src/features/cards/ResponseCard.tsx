// SPDX-License-Identifier: Apache-2.0
/**
 * The response card: steps signed with time, half-hour report until closed, cause, measure, close.
 * It lives at the server, so reload and hand-over do not lose it.
 */
import './cards.css';
import { useEffect, useState } from 'preact/hooks';
import { api, request } from '../../api/client';
import type { Card } from '../../api/model';
import { can } from '../../api/session';
import { site } from '../../api/site';
import { canAct, live } from '../../api/world';
import { app } from '../../app/app';
import { hms, span, stamp } from '../../app/format';
import { pick } from '../../app/i18n';
import { useKey } from '../../app/keys';
import { Lazy } from '../../app/Lazy';
import { alarm } from '../../app/selection';
import { Dialog } from '../../ui/Dialog';
import { AreaField } from '../../ui/Field';
import { AlarmTag, stateWord } from '../../ui/Tag';
import { errorText } from '../../ui/Toast';
import { type CardStep, openCardId, stepsOf } from './state';
import { t } from './texts';

export function useCard(id: number): {
  card: Card | null;
  error: string;
  send: (verb: string, args: Record<string, unknown>) => Promise<void>;
} {
  const [card, setCard] = useState<Card | null>(null);
  const [error, setError] = useState('');
  const [round, setRound] = useState(0);
  // read anew when a round starts
  useEffect(() => {
    let gone = false;
    api.get<Card>(`/cards/${id}`).then(
      (c) => !gone && setCard(c),
      (e: unknown) => !gone && setError(errorText(e)),
    );
    return () => {
      gone = true;
    };
  }, [id, round]);
  useEffect(
    () => live.on('card', (c) => (c as { id?: number }).id === id && setRound((n) => n + 1)),
    [id],
  );
  return {
    card,
    error,
    send: async (verb, args) => {
      setError('');
      try {
        await request(verb, { card: id, ...args });
        setRound((n) => n + 1);
      } catch (e) {
        setError(errorText(e));
      }
    },
  };
}

function Step({
  step,
  act,
  onSign,
}: {
  step: CardStep;
  act: boolean;
  onSign: (text: string) => void;
}) {
  const [text, setText] = useState('');
  return (
    <li class={step.done ? 'done' : ''}>
      <b aria-hidden="true">{step.done ? '✓' : '☐'}</b>
      <span class="grow">
        {step.text}
        {step.note && <span class="hint"> {step.note}</span>}
      </span>
      {step.done ? (
        <span class="hint">{t('signed', { at: hms(step.done), by: step.by ?? '' })}</span>
      ) : (
        act && (
          <>
            <input
              class="input"
              aria-label={`${t('stepNote')}: ${step.text}`}
              placeholder={t('stepNote')}
              value={text}
              onInput={(e) => setText(e.currentTarget.value)}
            />
            <button type="button" class="btn" onClick={() => onSign(text.trim())}>
              {t('sign')}
            </button>
          </>
        )
      )}
    </li>
  );
}

function FollowUp({
  card,
  act,
  onSend,
}: {
  card: Card;
  act: boolean;
  onSend: (text: string) => void;
}) {
  const [text, setText] = useState('');
  if (!card.next_followup || card.state === 'closed') return null;
  const left = card.next_followup - live.now.value;
  return (
    <section class="row followup">
      <b class={left < 0 ? 'late' : ''}>
        {t('follow')}{' '}
        {left < 0
          ? t('follow.late', { span: span(-left) })
          : t('follow.left', { span: span(left) })}
      </b>
      {act && (
        <>
          <input
            class="input grow"
            aria-label={t('follow.text')}
            placeholder={t('follow.text')}
            value={text}
            onInput={(e) => setText(e.currentTarget.value)}
          />
          <button
            type="button"
            class="btn"
            disabled={!text.trim()}
            onClick={() => {
              onSend(text.trim());
              setText('');
            }}
          >
            {t('follow.send')}
          </button>
        </>
      )}
    </section>
  );
}

function CauseAndClose({
  card,
  act,
  send,
}: {
  card: Card;
  act: boolean;
  send: (verb: string, args: Record<string, unknown>) => void;
}) {
  // null: as recorded, by whomever; what is being typed outlives an answer that comes meanwhile
  const [causeDraft, setCause] = useState<string | null>(null);
  const [measureDraft, setMeasure] = useState<string | null>(null);
  const cause = causeDraft ?? card.cause ?? '';
  const measure = measureDraft ?? card.measure ?? '';
  const [text, setText] = useState('');
  if (!act) {
    return (
      <dl class="kv">
        <dt>{t('cause')}</dt>
        <dd>{card.cause || '–'}</dd>
        <dt>{t('measure')}</dt>
        <dd>{card.measure || '–'}</dd>
      </dl>
    );
  }
  const recorded = !!card.cause && !!card.measure;
  return (
    <>
      <section class="cause">
        <AreaField label={t('cause')} value={cause} onInput={setCause} />
        <AreaField label={t('measure')} value={measure} onInput={setMeasure} />
        <button
          type="button"
          class="btn"
          disabled={!cause.trim() || !measure.trim()}
          onClick={() => send('card.measure', { cause: cause.trim(), measure: measure.trim() })}
        >
          {t('measure.save')}
        </button>
      </section>
      <section class="row">
        <input
          class="input grow"
          aria-label={t('close.text')}
          placeholder={t('close.text')}
          value={text}
          onInput={(e) => setText(e.currentTarget.value)}
        />
        <button
          type="button"
          class="btn primary"
          title={t('close.note')}
          disabled={!recorded || !text.trim()}
          onClick={() => send('card.close', { text: text.trim() })}
        >
          {t('close')}
        </button>
      </section>
    </>
  );
}

export default function ResponseCard({ id }: { id: number }) {
  const { card, error, send } = useCard(id);
  const a = card ? live.alarms.get(card.alarm) : undefined;
  const rule = site.value.rules.get(card?.rule ?? '');
  const act = canAct.value && can('card.write') && card?.state === 'open';
  const name = card ? `${site.value.pointName(card.point)} ${pick(rule?.title)}` : `#${id}`;
  useKey(
    'Escape',
    () => t('close.card'),
    () => {
      openCardId.value = null;
    },
  );
  const pictures = app.sections.get('cameras');
  const post = (verb: string, args: Record<string, unknown>) => void send(verb, args);
  return (
    <Dialog
      modal={false}
      class="response"
      title={t('card', { name })}
      onClose={() => (openCardId.value = null)}
    >
      {a && (
        <p class="row">
          <AlarmTag alarm={a} text /> {stateWord(a.state)} {stamp(a.raised)} ·{' '}
          {site.value.alarmPlace(a)}
        </p>
      )}
      {error && (
        <p class="error" role="alert">
          {error}
        </p>
      )}
      {card && (
        <>
          <ol class="steps">
            {stepsOf(card, rule).map((s) => (
              <Step
                key={s.id}
                step={s}
                act={!!act}
                onSign={(text) => post('card.step', { step: s.id, text })}
              />
            ))}
          </ol>
          <FollowUp
            key={card.id}
            card={card}
            act={!!act}
            onSend={(text) => post('card.followup', { text })}
          />
          <CauseAndClose key={card.id} card={card} act={!!act} send={post} />
          {/* what is to be done stands above what is to be seen */}
          {pictures && <Lazy load={pictures.load} props={{ target: alarm(card.alarm) }} />}
          {!!card.log?.length && (
            <details>
              <summary>
                {t('course')} {card.log.length}
              </summary>
              <ol>
                {card.log.map((e, i) => (
                  <li key={i}>
                    <time class="hint">{stamp(e.time)}</time>{' '}
                    {t(`c.${e.change}` as Parameters<typeof t>[0])} {e.by} {e.text}
                  </li>
                ))}
              </ol>
            </details>
          )}
        </>
      )}
    </Dialog>
  );
}
