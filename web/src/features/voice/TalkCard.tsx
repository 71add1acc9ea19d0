// SPDX-License-Identifier: Apache-2.0
/** One call or broadcast: who, to whom, how far it came, what was recorded. */
import { useEffect, useState } from 'preact/hooks';
import { can } from '../../api/session';
import { site } from '../../api/site';
import type { Talk } from '../../api/types';
import { canAct, replayAt, replaying, world } from '../../api/world';
import { hms, span } from '../../app/format';
import { Dialog } from '../../ui/Dialog';
import { AreaField } from '../../ui/Field';
import { ask, countsOf, recordingOf, targetOf } from './state';
import { t } from './texts';

type Key = Parameters<typeof t>[0];

const word = (group: string, id: string) => t(`${group}.${id}` as Key);
const deviceName = (id: string) => site.value.pointName(id);

/** What came of it; of the desk's own phone it says so. */
function resultOf(result: string): string {
  const own = result.startsWith('desk-');
  const what = word('result', own ? result.slice(5) : result);
  return own ? t('result.of-desk', { what }) : what;
}

function stateOf(talk: Talk): string {
  if (talk.state === 'ended') return talk.result ? resultOf(talk.result) : '';
  return word('state', talk.kind !== 'call' && talk.state === 'talking' ? 'speaking' : talk.state);
}

function Speakers({ talk }: { talk: Talk }) {
  const c = countsOf(talk);
  if (c.all === 0) return null;
  return (
    <>
      <p class="hint">
        {t(talk.kind === 'call' ? 'counts.call' : 'counts', {
          confirmed: c.confirmed,
          sent: c.sent,
          joined: c.joined,
          silent: c.silent.length,
          all: c.all,
        })}
      </p>
      {c.silent.length > 0 && (
        <p class="voice-silent">⚠ {t('silent', { names: c.silent.map(deviceName).join('、') })}</p>
      )}
      <ul class="voice-at">
        {Object.entries(talk.at ?? {}).map(([id, s]) => (
          <li key={id} class={s}>
            {deviceName(id)} <span class="hint">{word('at', s)}</span>
          </li>
        ))}
      </ul>
    </>
  );
}

/** What was recorded. In a replay it begins where the replay stands. */
function Recording({ talk }: { talk: Talk }) {
  const [src, setSrc] = useState<string | null>('');
  const [from, setFrom] = useState('');
  useEffect(() => () => void (src && URL.revokeObjectURL(src)), [src]);
  const inPast = replaying.value;
  if ((!talk.recording && !inPast) || !talk.answered || !can('call.hear')) return null;
  const begin = (audio: HTMLAudioElement) => {
    const into = (replayAt.value - (talk.answered ?? 0)) / 1000;
    if (replaying.value && into > 0 && into < audio.duration) audio.currentTime = into;
  };
  // whole: so it is heard, and written down, once, and can be begun anywhere
  const find = async () => {
    const at = await recordingOf(talk);
    const r = at ? await fetch(at, { credentials: 'same-origin' }).catch(() => null) : null;
    setFrom(at ?? '');
    setSrc(r?.ok ? URL.createObjectURL(await r.blob()) : null);
  };
  if (src === null) return <p class="hint">{t('recording.none')}</p>;
  if (!src)
    return (
      <button type="button" class="btn" onClick={() => void find()}>
        {t(inPast ? 'listen.here' : 'listen')}
      </button>
    );
  return (
    <div class="row wrap">
      {/* biome-ignore lint/a11y/useMediaCaption: a recorded call has no captions */}
      <audio
        controls
        src={src}
        aria-label={t('recording')}
        onLoadedMetadata={(e) => begin(e.currentTarget)}
        onError={() => setSrc(null)}
      />
      {can('export') && (
        <a class="btn" href={`${from}?download=1`} download>
          {t('download')}
        </a>
      )}
      {can('personal.erase') && canAct.value && <Erase talk={talk} />}
    </div>
  );
}

/** Its bytes go for good; that there was a call stays. */
function Erase({ talk }: { talk: Talk }) {
  const [open, setOpen] = useState(false);
  const [reason, setReason] = useState('');
  const run = async () => {
    if (await ask('recording.erase', { talk: talk.id, reason: reason.trim() })) setOpen(false);
  };
  return (
    <>
      <button type="button" class="btn" onClick={() => setOpen(true)}>
        {t('erase')}
      </button>
      {open && (
        <Dialog
          title={t('erase')}
          onClose={() => setOpen(false)}
          footer={
            <button
              type="button"
              class="btn primary"
              disabled={!reason.trim()}
              onClick={() => void run()}
            >
              {t('erase')}
            </button>
          }
        >
          <p>{t('erase.note')}</p>
          <AreaField label={t('erase.reason')} value={reason} onInput={setReason} required />
        </Dialog>
      )}
    </>
  );
}

export function TalkCard({ talk }: { talk: Talk }) {
  const cast = talk.kind === 'broadcast';
  const alive = talk.state !== 'ended';
  const seconds = talk.answered
    ? ((talk.ended || world.value.now.value) - talk.answered) / 1000
    : 0;
  return (
    <li class={`card voice-talk ${alive ? 'alive' : ''}`}>
      <p class="row wrap">
        <b>{word('talk', talk.kind)}</b>
        <span>{targetOf(talk)}</span>
        {talk.drill && <b class="voice-drill">{t('drill')}</b>}
        <span class="grow" />
        <span role={alive ? 'status' : undefined} class="voice-state">
          {stateOf(talk)}
        </span>
      </p>
      <p class="hint">
        {hms(talk.started)} · {t('by', { who: talk.by })}
        {!alive && seconds > 0 ? ` · ${span(seconds * 1000)}` : ''}
      </p>
      {talk.text && <p class="voice-text">{talk.text}</p>}
      <Speakers talk={talk} />
      {alive && (
        <button
          type="button"
          class="btn"
          disabled={!canAct.value || !can(cast ? 'broadcast' : 'call')}
          onClick={() => void ask('call.end', { talk: talk.id })}
        >
          {t(cast ? 'stop' : 'hang')}
        </button>
      )}
      {(!alive || replaying.value) && <Recording talk={talk} />}
    </li>
  );
}
