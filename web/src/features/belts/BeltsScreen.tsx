// SPDX-License-Identifier: Apache-2.0
/** The line as a schematic: each belt's state, speed, coal, mode and protections; runs beside it. */
import '../../records/records.css';
import './belts.css';
import { useEffect, useState } from 'preact/hooks';
import type { PointInfo } from '../../api/model';
import { can } from '../../api/session';
import { site } from '../../api/site';
import { canAct, live, replaying, world } from '../../api/world';
import { nameOf, pick } from '../../app/i18n';
import { bit, book, refresh, type Sequence } from '../../sequences/book';
import { Runs } from '../../sequences/Runs';
import { asksFirst, begin, StartDialog } from '../../sequences/StartDialog';
import { Value } from '../../ui/Value';
import {
  type Belt,
  type BeltState,
  beltOf,
  blindOf,
  type Cell,
  layout,
  stateOf,
  tripsOf,
} from './state';
import { t } from './texts';
import { title } from './title';

const SIGN: Record<BeltState, string> = {
  running: '▶',
  starting: '▷',
  stopped: '■',
  tripped: '✕',
  unknown: '?',
};
const ASK_MS = 5000;
/** So many of its blind protections are named on a belt; more are counted. */
const BLIND_NAMED = 2;

/** What of a point's name the belt's own does not say already. */
const shortName = (b: Belt) => (p: PointInfo) => {
  const own = pick(b.asset.name);
  const name = nameOf(p);
  return (name.startsWith(own) ? name.slice(own.length).replace(/^[，,\s]+/, '') : '') || name;
};

const readNow = (p: PointInfo) => world.value.points.at(p.i).value;

/** Local, maintenance, or not known to be remote: what keeps hands off. */
function modeOf(b: Belt): string {
  const maintained = bit(b.maintenance, readNow);
  if (maintained) return t('mode.maintenance');
  if (b.maintenance && maintained === null) return t('mode.unknown');
  const remote = bit(b.remote, readNow);
  return remote === null ? t('mode.unknown') : remote ? '' : t('mode.local');
}

function Figure({ point, label }: { point: PointInfo | undefined; label: string }) {
  if (!point) return null;
  return (
    <span class="belt-figure">
      <span class="hint">{label}</span> <Value point={point} />
    </span>
  );
}

function BeltCard({
  cell,
  chosen,
  toggle,
}: {
  cell: Cell;
  chosen: boolean;
  toggle: (id: string) => void;
}) {
  const b = beltOf(cell.asset, site.value.pointById);
  const state = stateOf(b, readNow);
  const trips = tripsOf(b, readNow);
  const blind = blindOf(b, readNow);
  const mode = modeOf(b);
  const locked = b.drive ? world.value.outputs.value.get(b.drive.id)?.latched_by?.length : 0;
  return (
    <div
      class={`belt ${state}${cell.asset.to ? ' gives' : ''}`}
      style={{ gridColumn: cell.column, gridRow: `${cell.row} / span ${cell.rows}` }}
    >
      <button
        type="button"
        class="belt-name"
        aria-pressed={chosen}
        disabled={!b.drive}
        onClick={() => b.drive && toggle(b.drive.id)}
      >
        <b>{pick(cell.asset.name)}</b>
        <span class={`belt-state ${state}`}>
          <span aria-hidden="true">{SIGN[state]}</span> {t(`state.${state}`)}
        </span>
      </button>
      <span class="belt-figures">
        <Figure point={b.speed} label={t('speed')} />
        <Figure point={b.coal} label={t('coal')} />
      </span>
      {mode && <span class="belt-note">⚠ {mode}</span>}
      {!!bit(b.horn, readNow) && <span class="belt-note">♪ {t('horn')}</span>}
      {trips.map((p) => (
        <span key={p.id} class="belt-trip">
          ✕ {nameOf(p)}
        </span>
      ))}
      {blind.length > 0 && (
        <span class="belt-note blind" title={blind.map(nameOf).join('、')}>
          ? {t('blind', { n: blind.length })}
          {blind.length <= BLIND_NAMED && `：${blind.map(shortName(b)).join('、')}`}
        </span>
      )}
      {!!locked && trips.length === 0 && <span class="belt-note">🔒 {t('locked')}</span>}
    </div>
  );
}

function Actions({
  chosen,
  ask,
}: {
  chosen: readonly string[];
  ask: (q: Sequence | null) => void;
}) {
  const drives = new Set(
    (book.value?.assets ?? []).filter((a) => a.kind === 'belt').flatMap((a) => a.points),
  );
  const mine = (book.value?.sequences ?? []).filter((q) => q.subjects.some((s) => drives.has(s)));
  return (
    <div class="row wrap belt-actions">
      <span class="hint">
        {chosen.length
          ? t('chosen', { names: chosen.map((c) => site.value.pointName(c)).join('、') })
          : t('chosen.none')}
      </span>
      <span class="grow" />
      {mine.map((q) => (
        <button
          key={q.id}
          type="button"
          class="btn"
          disabled={
            !canAct.value || replaying.value || !can(q.start ? 'output.close' : 'output.open')
          }
          onClick={() => begin(q, chosen, () => ask(q))}
        >
          {pick(q.title)}
          {asksFirst(q) && '…'}
        </button>
      ))}
    </div>
  );
}

export default function BeltsScreen() {
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [asked, setAsked] = useState<Sequence | null>(null);
  useEffect(() => {
    void refresh();
    const timer = setInterval(() => void refresh(), ASK_MS);
    const off = live.on('sequence', () => void refresh());
    return () => {
      clearInterval(timer);
      off();
    };
  }, []);
  const belts = (book.value?.assets ?? []).filter((a) => a.kind === 'belt');
  const toggle = (id: string) =>
    setChosen(chosen.includes(id) ? chosen.filter((c) => c !== id) : [...chosen, id]);
  return (
    <div class="desk belts">
      <div class="desk-head">
        <h1>{title()}</h1>
      </div>
      <div class="desk-bar">
        <Actions chosen={chosen} ask={setAsked} />
      </div>
      <div class="desk-body belts-body">
        <div class="belts-line">
          <div class="belts-grid" role="group" aria-label={t('line')}>
            {layout(belts).map((c) => (
              <BeltCard
                key={c.asset.id}
                cell={c}
                chosen={c.asset.points.some((p) => chosen.includes(p))}
                toggle={toggle}
              />
            ))}
          </div>
          <p class="hint">{t('flow.hint')}</p>
        </div>
        <Runs />
      </div>
      {asked && <StartDialog q={asked} chosen={chosen} onClose={() => setAsked(null)} />}
    </div>
  );
}
