// SPDX-License-Identifier: Apache-2.0
/** Devices at the left, what is under way and lately was at the right; words to a place above it. */
import '../../records/records.css';
import './voice.css';
import { useEffect, useState } from 'preact/hooks';
import { can } from '../../api/session';
import { site } from '../../api/site';
import type { Talk, Voice } from '../../api/types';
import { canAct, live, replaying } from '../../api/world';
import { hms, span } from '../../app/format';
import { nameOf } from '../../app/i18n';
import { route } from '../../app/router';
import { CheckField, SelectField, TextField } from '../../ui/Field';
import { type Column, Table } from '../../ui/Table';
import { ask, countsOf, phonesIn, recordingOf, refresh, voice } from './state';
import { t } from './texts';

type Device = Voice['devices'][number];
type Key = Parameters<typeof t>[0];

const ASK_MS = 2000;
const word = (group: string, id: string) => t(`${group}.${id}` as Key);
const deviceName = (id: string) => site.value.pointName(id);

function targetOf(talk: Talk): string {
  if (talk.point) return deviceName(talk.point);
  return talk.place ? site.value.placeName(talk.place) : (talk.to ?? '');
}

function stateOf(talk: Talk): string {
  if (talk.state === 'ended') return talk.result ? word('result', talk.result) : '';
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

function Recording({ talk }: { talk: Talk }) {
  const [src, setSrc] = useState('');
  if (!talk.recording || !can('call.hear')) return null;
  const find = async () => setSrc((await recordingOf(talk)) ?? '');
  return src ? (
    // biome-ignore lint/a11y/useMediaCaption: a recorded call has no captions
    <audio controls src={src} aria-label={t('recording')} />
  ) : (
    <button type="button" class="btn" onClick={() => void find()}>
      {t('listen')}
    </button>
  );
}

function TalkCard({ talk }: { talk: Talk }) {
  const cast = talk.kind === 'broadcast';
  const alive = talk.state !== 'ended';
  const seconds = talk.answered ? ((talk.ended || Date.now()) - talk.answered) / 1000 : 0;
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
      {!alive && <Recording talk={talk} />}
    </li>
  );
}

function CastForm({ first }: { first: string }) {
  const places = [...site.value.places.values()];
  const [place, setPlace] = useState(first || (places.find((p) => !p.parent)?.id ?? ''));
  const [text, setText] = useState('');
  const [downstream, setDownstream] = useState(false);
  const [emergency, setEmergency] = useState(false);
  useEffect(() => {
    if (first) setPlace(first);
  }, [first]);
  const send = async () => {
    if (await ask('broadcast.start', { place, downstream, text, emergency })) setText('');
  };
  return (
    <form
      class="card stack"
      aria-label={t('cast')}
      onSubmit={(e) => {
        e.preventDefault();
        void send();
      }}
    >
      <SelectField
        label={t('place')}
        value={place}
        options={places.map((p) => ({ id: p.id, title: site.value.placeName(p.id) }))}
        onChange={setPlace}
      />
      <TextField label={t('text')} value={text} required onInput={(v: string) => setText(v)} />
      <CheckField label={t('downstream')} checked={downstream} onChange={setDownstream} />
      <CheckField label={t('emergency')} checked={emergency} onChange={setEmergency} />
      <button type="submit" class="btn primary" disabled={!text || !canAct.value}>
        {t('speak')}
      </button>
      {can('call') && phonesIn(place).length > 0 && (
        <button
          type="button"
          class="btn"
          disabled={!canAct.value}
          onClick={() => void ask('call.start', { place, downstream })}
        >
          {t('call.area', { n: phonesIn(place).length })}
        </button>
      )}
    </form>
  );
}

const columns = (): Column<Device>[] => [
  { id: 'name', title: t('col.name'), cell: (d) => nameOf(d) },
  { id: 'kind', title: t('col.kind'), width: '5.5rem', cell: (d) => word('kind', d.role) },
  {
    id: 'place',
    title: t('col.place'),
    cell: (d) => (d.place ? site.value.placeName(d.place) : ''),
  },
  {
    id: 'answers',
    title: t('col.answers'),
    width: '6rem',
    cell: (d) => (
      <span class={`voice-${d.answers}`}>
        {d.answers === 'yes' ? '' : '⚠ '}
        {word('answers', d.answers)}
      </span>
    ),
  },
  {
    id: 'call',
    title: '',
    width: '6rem',
    cell: (d) =>
      d.role === 'voice.desk' ? null : (
        <button
          type="button"
          class="btn"
          aria-label={`${t('call')} ${nameOf(d)}`}
          disabled={!canAct.value || !can('call')}
          onClick={() => void ask('call.start', { to: d.id })}
        >
          {t('call')}
        </button>
      ),
  },
];

function Talks({ all, alive }: { all: Talk[]; alive: boolean }) {
  const some = all.filter((x) => (x.state !== 'ended') === alive);
  return (
    <section aria-label={t(alive ? 'now' : 'recent')}>
      <h2>{t(alive ? 'now' : 'recent')}</h2>
      {some.length === 0 && <p class="hint">{t(alive ? 'now.none' : 'recent.none')}</p>}
      <ul class="voice-talks">
        {some.map((x) => (
          <TalkCard key={x.id} talk={x} />
        ))}
      </ul>
    </section>
  );
}

function Climbs({ climbs }: { climbs: Voice['climbs'] }) {
  const nobody = climbs.filter((c) => c.nobody).length;
  if (climbs.length === 0) return null;
  return (
    <span class={nobody ? 'voice-no' : ''}>
      {t('climbs', { n: climbs.length })}
      {nobody > 0 && ` · ⚠ ${t('climbs.nobody', { n: nobody })}`}
    </span>
  );
}

export default function VoiceScreen() {
  const v = voice.value;
  useEffect(() => {
    void refresh();
    const timer = setInterval(() => void refresh(), ASK_MS);
    const off = live.on('outcome', (e) => {
      const type = (e as { type?: string }).type;
      if (type === 'call' || type === 'broadcast' || type === 'climb') void refresh();
    });
    return () => {
      clearInterval(timer);
      off();
    };
  }, []);
  return (
    <div class="desk voice">
      <div class="desk-head">
        <h1 class="desk-title">{t('title')}</h1>
        <span class="grow" />
        {v && <Climbs climbs={v.climbs} />}
      </div>
      <div class="desk-body voice-body">
        <Table
          label={t('devices')}
          columns={columns()}
          rows={v?.devices ?? []}
          rowKey={(d) => d.id}
          empty={t('none')}
        />
        <div class="voice-side">
          {!replaying.value && can('broadcast') && (
            <CastForm first={route.value.query.place ?? ''} />
          )}
          <Talks all={v?.talks ?? []} alive />
          <Talks all={v?.talks ?? []} alive={false} />
        </div>
      </div>
    </div>
  );
}
