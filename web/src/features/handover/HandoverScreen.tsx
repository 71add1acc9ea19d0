// SPDX-License-Identifier: Apache-2.0
import './handover.css';
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { byUrgency, isActive } from '../../api/alarms';
import { api, request } from '../../api/client';
import type { Alarm, Handover } from '../../api/model';
import { can, me, shiftAt } from '../../api/session';
import { site } from '../../api/site';
import { canAct, live } from '../../api/world';
import { siteOffset, span, stamp } from '../../app/format';
import { pick } from '../../app/i18n';
import { openAlarm } from '../../app/shell/Strip';
import { AreaField, SelectField, TextField } from '../../ui/Field';
import { AlarmTag, stateWord } from '../../ui/Tag';
import { toast, toastError } from '../../ui/Toast';
import { t } from './texts';
import { title } from './title';

function Block({ title, n, children }: { title: string; n: number; children: ComponentChildren }) {
  return (
    <section class="card">
      <header>
        <h3>{title}</h3>
        <b>{n || t('none')}</b>
      </header>
      {n > 0 && <ul class="body stack">{children}</ul>}
    </section>
  );
}

function AlarmLine({ a }: { a: Alarm }) {
  return (
    <li>
      <button type="button" class="line" onClick={() => openAlarm(a)}>
        <AlarmTag alarm={a} />
        <span class="grow ellipsis">
          {site.value.alarmName(a)} · {site.value.alarmTitle(a)}
        </span>
        <span class="hint">
          {stateWord(a.state)} {span(live.now.value - a.raised)}
        </span>
      </button>
    </li>
  );
}

const open = (a: Alarm) => isActive(a);
const shelved = (a: Alarm) => a.state === 'shelved';
const NEWEST = 10;
const MOST = 40;

function Lists({ h }: { h: Handover }) {
  const s = site.value;
  const calibrations = h.calibrations?.filter((c) => c.state !== 'closed') ?? [];
  const cards = h.cards?.filter((c) => c.state === 'open') ?? [];
  const notes = [...(h.notes ?? [])].reverse().slice(0, NEWEST);
  const signed = [...(h.handover ?? [])].reverse().slice(0, NEWEST);
  const alarms = [...h.alarms].sort(byUrgency);
  return (
    <div class="handover-lists">
      <Block title={t('open')} n={alarms.filter(open).length}>
        {alarms
          .filter(open)
          .slice(0, MOST)
          .map((a) => (
            <AlarmLine key={a.id} a={a} />
          ))}
        {alarms.filter(open).length > MOST && (
          <li>
            <a href="#/alarms">{t('more', { n: alarms.filter(open).length - MOST })}</a>
          </li>
        )}
      </Block>
      <Block title={t('shelved')} n={alarms.filter(shelved).length}>
        {alarms.filter(shelved).map((a) => (
          <AlarmLine key={a.id} a={a} />
        ))}
      </Block>
      <Block title={t('tags')} n={h.tags?.length ?? 0}>
        {h.tags?.map((x) => (
          <li key={x.id}>
            <b>{s.pointName(x.output ?? '')}</b> {t('by', { by: x.by, reason: x.reason })}
          </li>
        ))}
      </Block>
      <Block title={t('calibrations')} n={calibrations.length}>
        {calibrations.map((x) => (
          <li key={x.id}>
            <b>{s.pointName(x.point)}</b> {x.by} {x.until ? t('until', { at: stamp(x.until) }) : ''}
          </li>
        ))}
      </Block>
      <Block title={t('commands')} n={h.commands?.length ?? 0}>
        {h.commands?.map((c) => {
          const p = s.pointById.get(c.output);
          return (
            <li key={c.id}>
              <b>{s.pointName(c.output)}</b> {p ? s.word(p, c.value) : c.value} · {c.by} {c.reason}
            </li>
          );
        })}
      </Block>
      <Block title={t('cards')} n={cards.length}>
        {cards.map((c) => (
          <li key={c.id}>
            <a href={`#/cards/${c.id}`}>
              {s.pointName(c.point)} {pick(s.rules.get(c.rule)?.title)}
            </a>
          </li>
        ))}
      </Block>
      <Block title={t('notes')} n={notes.length}>
        {notes.map((n) => (
          <li key={n.id}>
            {n.at && <time class="hint">{stamp(n.at)}</time>} {n.by}: {n.text}{' '}
            <span class="hint">
              {s.places.has(n.where) ? s.placeName(n.where) : s.pointName(n.where)}
            </span>
          </li>
        ))}
      </Block>
      <Block title={t('signatures')} n={signed.length}>
        {signed.map((x, i) => (
          <li key={i}>
            {x.at && <time class="hint">{stamp(x.at)}</time>} {x.from} → {x.to} {x.note}
          </li>
        ))}
      </Block>
    </div>
  );
}

function Note({ onDone }: { onDone: () => void }) {
  const [text, setText] = useState('');
  const root = [...site.value.places.values()].find((p) => !p.parent)?.id ?? '';
  const [where, setWhere] = useState(root);
  const places = [...site.value.places.values()].map((p) => ({
    id: p.id,
    title: site.value.placeName(p.id),
  }));
  return (
    <form
      class="card"
      onSubmit={(e) => {
        e.preventDefault();
        request('note.add', { place: where, text: text.trim() }).then(() => {
          setText('');
          onDone();
        }, toastError);
      }}
    >
      <div class="body stack">
        <SelectField label={t('notePlace')} value={where} options={places} onChange={setWhere} />
        <AreaField label={t('noteText')} value={text} onInput={setText} required />
        <button type="submit" class="btn" disabled={!text.trim() || !canAct.value}>
          {t('addNote')}
        </button>
      </div>
    </form>
  );
}

function Sign({ onDone }: { onDone: () => void }) {
  const shifts = site.value.site.shifts ?? [];
  const [shift, setShift] = useState(shiftAt(live.now.value, siteOffset.value) ?? '');
  const [from, setFrom] = useState(me.value?.name ?? '');
  const [to, setTo] = useState('');
  const [note, setNote] = useState('');
  return (
    <form
      class="card"
      onSubmit={(e) => {
        e.preventDefault();
        request('handover.sign', { shift, from, to, note }).then(() => {
          toast(t('signed'));
          onDone();
        }, toastError);
      }}
    >
      <div class="body stack">
        <SelectField
          label={t('shift')}
          value={shift}
          onChange={setShift}
          options={shifts.map((s) => ({ id: s.id, title: pick(s.name) }))}
        />
        <TextField label={t('from')} value={from} onInput={setFrom} required />
        <TextField label={t('to')} value={to} onInput={setTo} required />
        <AreaField label={t('note')} value={note} onInput={setNote} />
        <button type="submit" class="btn primary" disabled={!to.trim() || !canAct.value}>
          {t('sign')}
        </button>
      </div>
    </form>
  );
}

export default function HandoverScreen() {
  const [h, setH] = useState<Handover | null>(null);
  const [round, setRound] = useState(0);
  const again = () => setRound((n) => n + 1);
  // read anew when a round starts
  useEffect(() => {
    let gone = false;
    api.get<Handover>('/handover').then((x) => !gone && setH(x), toastError);
    return () => {
      gone = true;
    };
  }, [round]);
  return (
    <div class="page">
      <div class="row">
        <h1 class="grow">{title()}</h1>
        <button type="button" class="btn" onClick={again}>
          {t('refresh')}
        </button>
      </div>
      <div class="handover">
        {h ? <Lists h={h} /> : <p class="hint">…</p>}
        <div class="stack handover-side">
          {can('handover') && <Sign onDone={again} />}
          <Note onDone={again} />
        </div>
      </div>
    </div>
  );
}
