// SPDX-License-Identifier: Apache-2.0
/** Columns by state. A card dropped on another column opens the move that leads there, or says why not. */
import { useState } from 'preact/hooks';
import { api } from '../../api/client';
import {
  type Case,
  personName,
  type Record_,
  recordPath,
  registerOf,
  type State,
  type Transition,
  type Workflow,
} from '../../api/room';
import { site } from '../../api/site';
import { live } from '../../api/world';
import { fullStamp } from '../../app/format';
import { pick } from '../../app/i18n';
import { whyNot } from '../../registers/CaseBlock';
import { MoveDialog } from '../../registers/MoveDialog';
import { dueText } from '../../registers/value';
import { toast, toastError } from '../../ui/Toast';
import { isLate, isMine } from './state';
import { t } from './texts';

const SHOWN = 60;

interface Moving {
  rec: Record_;
  tr: Transition;
}

interface CardProps {
  c: Case;
  acts: boolean;
  chosen: boolean;
  choose: () => void;
  drag: (on: boolean) => void;
}

export function Due({ c }: { c: Case }) {
  const now = live.now.value;
  if (!c.due) return null;
  const late = isLate(c, now);
  return (
    <span class={late ? 'cs-late' : 'hint'} title={fullStamp(c.due)}>
      {late && <b aria-hidden="true">! </b>}
      {dueText(c.due, now)}
    </span>
  );
}

function Card({ c, acts, chosen, choose, drag }: CardProps) {
  return (
    <li
      class={`cs-card${isMine(c) ? ' mine' : ''}${chosen ? ' on' : ''}`}
      draggable={acts}
      onDragStart={(e) => {
        e.dataTransfer?.setData('text/plain', String(c.id));
        drag(true);
      }}
      onDragEnd={() => drag(false)}
    >
      <button type="button" onClick={choose} aria-pressed={chosen}>
        <b>{c.label || c.key}</b>
        <span class="row">
          <span class="hint grow ellipsis">{site.value.placeName(c.place ?? undefined)}</span>
          <Due c={c} />
        </span>
        <span class="row">
          <span class="grow">{personName(c.owner) || t('no.owner')}</span>
          {!!c.receipt && <span class="mark">{t('waiting')}</span>}
        </span>
      </button>
    </li>
  );
}

/** The move of this case that leads to a state. */
export const wayTo = (rec: Record_, state: string): Transition | undefined =>
  rec.transitions?.find((tr) => tr.to === state);

interface Props {
  flow: Workflow;
  list: readonly Case[];
  done: boolean;
  acts: boolean;
  chosen: Case | null;
  choose: (c: Case) => void;
  again: () => void;
}

export function Board(p: Props) {
  const { flow, list } = p;
  const [held, setHeld] = useState<Case | null>(null);
  const [over, setOver] = useState('');
  const [moving, setMoving] = useState<Moving | null>(null);
  const states = flow.states.filter(
    (s) => p.done || (s.kind !== 'void' && s.kind !== 'done') || held !== null,
  );

  async function drop(s: State) {
    const c = held;
    setOver('');
    setHeld(null);
    if (!c || c.state === s.id) return;
    try {
      const rec = await api.get<Record_>(recordPath(c.register, c.id));
      const tr = wayTo(rec, s.id);
      const from = pick(flow.states.find((x) => x.id === rec.state)?.title);
      if (!tr) toast(t('no.way', { from, to: pick(s.title) }));
      else if (!tr.may) toast(t('may.not', { title: pick(tr.title), why: whyNot(tr) }));
      else setMoving({ rec: { ...rec, register: c.register }, tr });
    } catch (e) {
      toastError(e);
    }
  }
  const register = moving ? registerOf(moving.rec.register) : undefined;
  return (
    <div class="cs-board">
      {states.map((s) => {
        const here = list.filter((c) => c.state === s.id);
        return (
          <section
            key={s.id}
            class={`cs-col${over === s.id ? ' over' : ''}`}
            aria-label={pick(s.title)}
            onDragOver={(e) => {
              if (!held || held.state === s.id) return;
              e.preventDefault();
              setOver(s.id);
            }}
            onDragLeave={() => setOver((o) => (o === s.id ? '' : o))}
            onDrop={(e) => {
              e.preventDefault();
              void drop(s);
            }}
          >
            <h2>{t('col', { title: pick(s.title), n: here.length })}</h2>
            <ul tabIndex={here.length ? 0 : -1} aria-label={pick(s.title)}>
              {here.slice(0, SHOWN).map((c) => (
                <Card
                  key={c.id}
                  c={c}
                  acts={p.acts}
                  chosen={p.chosen?.id === c.id}
                  choose={() => p.choose(c)}
                  drag={(on) => setHeld(on ? c : null)}
                />
              ))}
              {here.length > SHOWN && (
                <li class="hint cs-more">{t('more', { n: here.length - SHOWN })}</li>
              )}
            </ul>
          </section>
        );
      })}
      {moving && register && (
        <MoveDialog
          register={register}
          item={moving.rec}
          transition={moving.tr}
          onClose={() => setMoving(null)}
          onDone={p.again}
        />
      )}
    </div>
  );
}
