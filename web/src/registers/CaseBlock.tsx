// SPDX-License-Identifier: Apache-2.0
/** Where a case stands and what may be done with it: state, owner, deadline, moves and why not. */
import './registers.css';
import { useState } from 'preact/hooks';
import { request } from '../api/client';
import { personName, type Record_, type Register, stateOf, type Transition } from '../api/room';
import { me } from '../api/session';
import { fullStamp } from '../app/format';
import { pick } from '../app/i18n';
import { AskDialog, type AskSpec } from '../records/Ask';
import { toast, toastError } from '../ui/Toast';
import { MoveDialog, signText } from './MoveDialog';
import { About, PersonPicker } from './Picker';
import { t } from './texts';
import { dueText } from './value';

interface Props {
  r: Register;
  rec: Record_;
  now: number;
  acts: boolean;
  again: () => void;
}

/** Who has signed the move that waits for more, since the state was entered. */
function signers(rec: Record_, tr: Transition): string[] {
  const moves = rec.moves ?? [];
  const entered = moves.map((m) => m.kind).lastIndexOf('move');
  return moves
    .slice(entered + 1)
    .filter((m) => m.kind === 'sign' && m.transition === tr.id)
    .map((m) => m.by);
}

/** Why a move may not be made by this person; empty when it may. */
export function whyNot(tr: Transition): string {
  if (tr.may) return '';
  if (tr.signed_by_me) return t('signed.me');
  return tr.why ? t('why.who', { who: pick(tr.why) }) : '';
}

/** A button a move; one that may not be made says why. */
export function MoveButtons({
  rec,
  acts,
  run,
}: {
  rec: Record_;
  acts: boolean;
  run: (tr: Transition) => void;
}) {
  return (
    <ul class="rg-moves">
      {(rec.transitions ?? []).map((tr) => (
        <li key={tr.id}>
          <button type="button" class="btn" disabled={!tr.may || !acts} onClick={() => run(tr)}>
            {pick(tr.title)}
          </button>
          {!tr.may && <span class="hint">{whyNot(tr)}</span>}
          {(tr.sign ?? 1) > 1 && <span class="hint">{signText(tr, signers(rec, tr))}</span>}
        </li>
      ))}
    </ul>
  );
}

function assign(r: Register, rec: Record_, again: () => void): AskSpec {
  return {
    title: t('assign.title', { label: rec.label || rec.key }),
    verb: 'record.assign',
    fields: [
      {
        name: 'owner',
        label: t('move.to'),
        box: (value, set) => (
          <About.Provider value={{ register: r.id, place: rec.place ?? null }}>
            <PersonPicker owners value={value} label={t('move.to')} onPick={set} />
          </About.Provider>
        ),
      },
      { name: 'note', label: t('note'), kind: 'area', optional: true },
    ],
    args: (v) => ({ record: rec.id, version: rec.version, ...v }),
    done: again,
  };
}

export function CaseBlock({ r, rec, now, acts, again }: Props) {
  const [tr, setTr] = useState<Transition | null>(null);
  const [asking, setAsking] = useState(false);
  const state = stateOf(r, rec.state);
  const mine = !!rec.owner && rec.owner === me.value?.user;
  const receipted = (rec.moves ?? []).at(-1)?.kind === 'receipt';
  const waits = mine && state?.kind === 'active' && !receipted;
  const late = !!rec.due && rec.due < now;
  function receipt() {
    request('record.receipt', {
      record: rec.id,
      version: rec.version,
      note: t('receipt.note'),
    }).then(() => {
      toast(t('receipt.done'));
      again();
    }, toastError);
  }
  return (
    <section class="card rg-case">
      <header>
        <h2>{t('case')}</h2>
        <span class="mark">{pick(state?.title) || rec.state}</span>
      </header>
      <div class="body stack">
        <dl class="kv">
          <dt>{t('move.to')}</dt>
          <dd>{personName(rec.owner) || t('owner.none')}</dd>
          <dt>{t('case.due')}</dt>
          <dd class={late ? 'rg-late' : ''}>
            {dueText(rec.due, now)}
            {rec.due ? <span class="hint"> {fullStamp(rec.due)}</span> : null}
          </dd>
        </dl>
        <MoveButtons rec={rec} acts={acts} run={setTr} />
        <div class="row wrap">
          {waits && (
            <button type="button" class="btn" disabled={!acts} onClick={receipt}>
              {t('receipt')}
            </button>
          )}
          {(mine || r.may.write) && state?.kind !== 'done' && state?.kind !== 'void' && (
            <button
              type="button"
              class="btn plain"
              disabled={!acts}
              onClick={() => setAsking(true)}
            >
              {t('assign')}
            </button>
          )}
        </div>
      </div>
      {tr && (
        <MoveDialog
          register={r}
          item={rec}
          transition={tr}
          onClose={() => setTr(null)}
          onDone={again}
        />
      )}
      {asking && <AskDialog spec={assign(r, rec, again)} onClose={() => setAsking(false)} />}
    </section>
  );
}
