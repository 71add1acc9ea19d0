// SPDX-License-Identifier: Apache-2.0
/** The evacuation under way: who is still below stands first, with the way out of each. */
import { useState } from 'preact/hooks';
import { request } from '../../api/client';
import { can } from '../../api/session';
import { site } from '../../api/site';
import { canAct, world } from '../../api/world';
import { span } from '../../app/format';
import { lang } from '../../app/i18n';
import { Dialog } from '../../ui/Dialog';
import { SelectField, TextField } from '../../ui/Field';
import { type Column, Table } from '../../ui/Table';
import { toastError } from '../../ui/Toast';
import {
  type Evacuation,
  type People,
  type Plan,
  people,
  personName,
  type Route,
  stations,
} from './state';
import { t } from './texts';

function goalName(id: string | undefined): string {
  const s = stations.value.find((x) => x.id === id);
  return (s && (lang.value === 'en' ? s.name_en : s.name)) || id || '';
}

function StartDialog({ real, onClose }: { real?: boolean; onClose: () => void }) {
  const places = [...site.value.places.values()];
  const root = places.find((p) => !p.parent)?.id ?? '';
  const [place, setPlace] = useState(root);
  const [fire, setFire] = useState('');
  const [reason, setReason] = useState('');
  const options = places.map((p) => ({ id: p.id, title: site.value.placeName(p.id) }));
  const start = async () => {
    try {
      await request('evacuation.start', {
        place,
        reason,
        ...(fire ? { fire } : {}),
        ...(real ? { real } : {}),
      });
      onClose();
    } catch (e) {
      toastError(e);
    }
  };
  return (
    <Dialog title={t(real ? 'evac.real' : 'evac.start')} onClose={onClose}>
      <form
        class="stack"
        onSubmit={(e) => {
          e.preventDefault();
          void start();
        }}
      >
        <p class="hint">{t('evac.how')}</p>
        {real && <p class="people-mark">{t('evac.real.how')}</p>}
        <SelectField label={t('evac.place')} value={place} options={options} onChange={setPlace} />
        <SelectField
          label={t('evac.fire')}
          value={fire}
          options={[{ id: '', title: t('evac.fire.none') }, ...options]}
          onChange={setFire}
        />
        <TextField
          label={t('reason')}
          value={reason}
          required
          onInput={(v: string) => setReason(v)}
        />
        <button type="submit" class="btn primary" disabled={!reason || !canAct.value}>
          {t(real ? 'evac.real.start' : 'evac.start')}
        </button>
      </form>
    </Dialog>
  );
}

const minutes = (s: number | undefined) =>
  s === undefined ? '' : t('minutes', { n: Math.max(1, Math.ceil(s / 60)) });

/** Who carries a card; nothing for those who may not know. */
function carrier(card: string): string {
  const p = people.value?.items.find((x) => x.card === card);
  return p ? personName(p) || p.person || '' : '';
}

const columns = (): Column<Route>[] => [
  { id: 'card', title: t('col.card'), width: '5.5rem', cell: (r) => r.card },
  { id: 'name', title: t('col.name'), width: '7rem', cell: (r) => carrier(r.card) },
  {
    id: 'place',
    title: t('col.place'),
    cell: (r) => (r.place ? site.value.placeName(r.place) : ''),
  },
  {
    id: 'goal',
    title: t('col.goal'),
    width: '18rem',
    cell: (r) => (
      <span class={r.to === 'not-safe' ? 'people-mark' : ''}>
        {r.to === 'not-safe' ? '! ' : ''}
        {t(r.to === 'not-safe' && !r.goal ? 'to.shut-in' : `to.${r.to}`, {
          goal: goalName(r.goal),
        })}
        {r.passed ? ` · ${t('evac.passed', { name: goalName(r.passed) })}` : ''}
      </span>
    ),
  },
  { id: 'time', title: t('col.time'), width: '6rem', num: true, cell: (r) => minutes(r.time_s) },
  { id: 'spare', title: t('col.spare'), width: '9rem', num: true, cell: (r) => minutes(r.spare_s) },
];

function PlanBlock({ plan, e }: { plan: Plan; e: Evacuation }) {
  return (
    <>
      <p>
        <b class={plan.not_safe > 0 ? 'people-mark' : ''}>
          {plan.not_safe > 0 ? '! ' : ''}
          {t('evac.unsafe', { n: plan.not_safe })}
        </b>{' '}
        {[
          t('evac.unknown', { n: plan.unknown }),
          t('evac.refuge', { n: plan.refuge }),
          t('evac.safe', { n: plan.exit }),
          t(`evac.smoke.${plan.smoke}`),
        ].join(' · ')}
      </p>
      {(plan.refuges ?? [])
        .filter((r) => r.state && r.state !== 'ok')
        .map((r) => (
          <p key={r.id}>
            <b>! {t('evac.no.refuge', { name: goalName(r.id) })}</b>{' '}
            {lang.value === 'en' ? r.why : r.why_zh}
          </p>
        ))}
      {e.blocked.length > 0 && <p>{t('evac.blocked', { list: e.blocked.join('、') })}</p>}
      <Table label={t('evac')} columns={columns()} rows={plan.routes} rowKey={(r) => r.card} />
    </>
  );
}

function Running({ e }: { e: Evacuation }) {
  const may = can('evacuation') && canAct.value;
  const [real, setReal] = useState(false);
  const said = e.confirmed && !e.untold;
  const now = world.value.now.value;
  const ask = (verb: 'evacuation.confirm' | 'evacuation.stop', args = {}) =>
    request(verb, args).catch(toastError);
  return (
    <section class="card people-evac" aria-label={t('evac')}>
      <div class="row wrap">
        <h2 class="grow" aria-live="polite">
          {e.drill && <span class="people-drill">{t('evac.drill')}</span>}{' '}
          {t('evac.running', {
            place: site.value.placeName(e.place),
            span: span(Math.max(0, now - e.started)),
          })}
        </h2>
        <b class="people-count">{t('evac.still', { left: e.left, all: e.persons })}</b>
        {said ? (
          <b>{t('evac.confirmed')}</b>
        ) : (
          <button
            type="button"
            class="btn primary"
            disabled={!may || !e.plan}
            onClick={() => void ask('evacuation.confirm')}
          >
            {e.confirmed ? t('evac.again', { n: e.untold ?? 0 }) : t('evac.confirm')}
          </button>
        )}
        {e.drill && (
          <button type="button" class="btn" disabled={!may} onClick={() => setReal(true)}>
            {t('evac.real')}
          </button>
        )}
        <button
          type="button"
          class="btn"
          disabled={!may}
          onClick={() => void ask('evacuation.stop')}
        >
          {t('evac.stop')}
        </button>
      </div>
      {e.plan ? <PlanBlock plan={e.plan} e={e} /> : <p class="hint">{t('evac.waiting')}</p>}
      {real && <StartDialog real onClose={() => setReal(false)} />}
    </section>
  );
}

export function EvacuationBlock({ p }: { p: People }) {
  const [open, setOpen] = useState<'' | 'start' | 'real'>('');
  const e = p.evacuation;
  if (e && !e.ended) return <Running e={e} />;
  return (
    <div class="row wrap">
      <button
        type="button"
        class="btn"
        disabled={!can('evacuation') || !canAct.value}
        onClick={() => setOpen('start')}
      >
        {t('evac.start')}
      </button>
      {p.drill && (
        <button
          type="button"
          class="btn"
          disabled={!can('evacuation') || !canAct.value}
          onClick={() => setOpen('real')}
        >
          {t('evac.real')}
        </button>
      )}
      {e && (
        <span class="hint">
          {e.drill && `${t('evac.drill')} · `}
          {t('evac.over', {
            place: site.value.placeName(e.place),
            span: span(e.ended - e.started),
            left: e.left,
          })}
        </span>
      )}
      {open && <StartDialog real={open === 'real'} onClose={() => setOpen('')} />}
    </div>
  );
}
