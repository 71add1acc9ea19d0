// SPDX-License-Identifier: Apache-2.0
/** Where a case stands and what may be done with it: state, owner, deadline, moves and why not. */
import './registers.css';
import { useState } from 'preact/hooks';
import { request } from '../api/client';
import {
  type Attachment,
  personName,
  type Record_,
  type Register,
  stateOf,
  type Transition,
} from '../api/room';
import { me } from '../api/session';
import { fullStamp } from '../app/format';
import { pick } from '../app/i18n';
import { AskDialog, type AskSpec } from '../records/Ask';
import { toast, toastError } from '../ui/Toast';
import { MoveDialog, signText } from './MoveDialog';
import { t } from './texts';
import { dueText } from './value';

interface Props {
  r: Register;
  rec: Record_;
  now: number;
  acts: boolean;
  again: () => void;
}

/** Attachments made since the state was entered count as evidence. */
export function evidenceSince(rec: Record_): Attachment[] {
  const since = (rec.moves ?? []).filter((m) => m.kind === 'move').at(-1)?.time ?? 0;
  return Array.isArray(rec.attachments)
    ? rec.attachments.filter((a) => !a.ended && (a.time ?? 0) >= since)
    : [];
}

/** A button a move; one that may not be made says why. */
export function MoveButtons({
  list,
  acts,
  run,
}: {
  list: readonly Transition[];
  acts: boolean;
  run: (tr: Transition) => void;
}) {
  return (
    <ul class="rg-moves">
      {list.map((tr) => (
        <li key={tr.id}>
          <button type="button" class="btn" disabled={!tr.may || !acts} onClick={() => run(tr)}>
            {pick(tr.title)}
          </button>
          {!tr.may && tr.why && <span class="hint">{tr.why}</span>}
          {(tr.sign ?? 1) > 1 && <span class="hint">{signText(tr)}</span>}
        </li>
      ))}
    </ul>
  );
}

function assign(rec: Record_, again: () => void): AskSpec {
  return {
    title: t('assign.title', { label: rec.label || rec.key }),
    verb: 'record.assign',
    fields: [
      { name: 'owner', label: t('move.to'), hint: t('search.person') },
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
        <MoveButtons list={rec.transitions ?? []} acts={acts} run={setTr} />
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
          have={evidenceSince(rec)}
          onClose={() => setTr(null)}
          onDone={again}
        />
      )}
      {asking && <AskDialog spec={assign(rec, again)} onClose={() => setAsking(false)} />}
    </section>
  );
}
