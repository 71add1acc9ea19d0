// SPDX-License-Identifier: Apache-2.0
/** Devices at the left, what is under way and lately was at the right; words to a place above it. */
import '../../records/records.css';
import './voice.css';
import { useEffect, useState } from 'preact/hooks';
import { can } from '../../api/session';
import { site } from '../../api/site';
import type { Talk, Voice } from '../../api/types';
import { canAct, live, past, replaying } from '../../api/world';
import { nameOf } from '../../app/i18n';
import { route } from '../../app/router';
import { CheckField, SelectField, TextField } from '../../ui/Field';
import { type Column, Table } from '../../ui/Table';
import { StoredField } from './StoredField';
import {
  answersOf,
  ask,
  call,
  calling,
  desk,
  desks,
  phonesIn,
  refresh,
  talks,
  voice,
} from './state';
import { TalkCard } from './TalkCard';
import { t } from './texts';

type Device = Voice['devices'][number];
type Key = Parameters<typeof t>[0];

const ASK_MS = 2000;
const word = (group: string, id: string) => t(`${group}.${id}` as Key);

function CastForm({ first }: { first: string }) {
  const places = [...site.value.places.values()];
  const [place, setPlace] = useState(first || (places.find((p) => !p.parent)?.id ?? ''));
  const [text, setText] = useState('');
  const [body, setBody] = useState('');
  const [downstream, setDownstream] = useState(false);
  const [emergency, setEmergency] = useState(false);
  useEffect(() => {
    if (first) setPlace(first);
  }, [first]);
  const send = async () => {
    if (await ask('broadcast.start', { place, downstream, text, body, emergency })) setText('');
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
      <TextField
        label={t('text')}
        value={text}
        required={!body}
        onInput={(v: string) => setText(v)}
      />
      <StoredField value={body} onChange={setBody} />
      <CheckField label={t('downstream')} checked={downstream} onChange={setDownstream} />
      <CheckField label={t('emergency')} checked={emergency} onChange={setEmergency} />
      <button type="submit" class="btn primary" disabled={(!text && !body) || !canAct.value}>
        {t('speak')}
      </button>
      {can('call') && phonesIn(place).length > 0 && (
        <button
          type="button"
          class="btn"
          disabled={!canAct.value}
          onClick={() => {
            calling.value = { place, downstream };
          }}
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
    cell: (d) => {
      const answers = answersOf(d);
      return (
        <span class={`voice-${answers}`}>
          {answers === 'yes' ? '' : '⚠ '}
          {word('answers', answers)}
        </span>
      );
    },
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
          onClick={() => void call({ to: d.id })}
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

/** Of several desk phones the one that stands here. */
function DeskChoice() {
  const all = desks();
  if (all.length < 2 || !can('call')) return null;
  return (
    <SelectField
      label={t('desk')}
      value={all.some((d) => d.id === desk.value) ? desk.value : ''}
      options={[
        { id: '', title: t('desk.any') },
        ...all.map((d) => ({ id: d.id, title: nameOf(d) })),
      ]}
      onChange={(id: string) => {
        desk.value = id;
      }}
    />
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
  void (replaying.value && past.points.tick.value); // what devices answered goes with the replay
  useEffect(() => {
    void refresh();
    const timer = setInterval(() => void refresh(), ASK_MS);
    const off = live.on('outcome', (e) => {
      const type = (e as { type?: string }).type;
      if (['call', 'broadcast', 'climb', 'recording'].includes(type ?? '')) void refresh();
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
        {!replaying.value && <DeskChoice />}
        {v && !replaying.value && <Climbs climbs={v.climbs} />}
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
          <Talks all={talks.value} alive />
          <Talks all={talks.value} alive={false} />
        </div>
      </div>
    </div>
  );
}
