// SPDX-License-Identifier: Apache-2.0
/** Each field with its value, source, certainty and mark of verification; several sources side by side. */
import { useState } from 'preact/hooks';
import { request } from '../../api/client';
import {
  differing,
  type Fact,
  type Field,
  personName,
  type Record_,
  type Register,
} from '../../api/room';
import { can } from '../../api/session';
import { fullStamp, stamp } from '../../app/format';
import { pick } from '../../app/i18n';
import { go, setQuery } from '../../app/router';
import { flyTo, place } from '../../app/selection';
import type { useAsk } from '../../records/Ask';
import { isFiles, withUnit } from '../../registers/value';
import { toast, toastError } from '../../ui/Toast';
import { t } from './texts';

interface Props {
  r: Register;
  rec: Record_;
  facts: readonly Fact[];
  acts: boolean;
  ask: ReturnType<typeof useAsk>[0];
  open: string | null;
  setOpen: (id: string | null) => void;
  again: () => void;
}

/** The fact behind the value that stands: the last one that was chosen. */
export function current(facts: readonly Fact[], field: string): Fact | undefined {
  return facts.filter((x) => x.field === field && x.chosen && !x.dropped).at(-1);
}

function Origin({ x }: { x: Fact | undefined }) {
  if (!x) return <span class="hint">–</span>;
  return (
    <span class="rr-origin">
      {x.source ? <span>{x.source}</span> : <span class="hint">{t('nosource')}</span>}
      {x.verified ? <span class="mark">{t('verified')}</span> : null}
      {x.certainty !== null && x.certainty !== undefined && (
        <span class="hint">{t('certainty', { n: Math.round(x.certainty * 100) })}</span>
      )}
    </span>
  );
}

/** Values of one field by their sources; one is chosen, the others are dropped, none is deleted. */
function Sources({
  f,
  rec,
  facts,
  acts,
  again,
}: {
  f: Field;
  rec: Record_;
  facts: readonly Fact[];
  acts: boolean;
  again: () => void;
}) {
  const [busy, setBusy] = useState(false);
  const list = facts.filter((x) => x.field === f.id && !x.dropped);
  const choose = (x: Fact) => {
    setBusy(true);
    request('record.resolve', {
      record: rec.id,
      version: rec.version,
      field: f.id,
      fact: x.id,
    }).then(
      () => {
        toast(t('resolved', { title: pick(f.title) }));
        again();
      },
      (e) => {
        setBusy(false);
        toastError(e);
      },
    );
  };
  return (
    <section class="panel rr-sources">
      <h3>{t('sources.differ', { title: pick(f.title) })}</h3>
      <div class="rr-cards">
        {list.map((x) => (
          <div key={x.id} class="rr-fact">
            <b>{withUnit(f, x.value)}</b>
            {x.chosen ? <span class="mark">{t('inuse')}</span> : null}
            <Origin x={x} />
            <span class="hint">
              {personName(x.by)} {stamp(x.time)}
            </span>
            {x.note && <span>{x.note}</span>}
            <button type="button" class="btn" disabled={!acts || busy} onClick={() => choose(x)}>
              {t('resolve')}
            </button>
          </div>
        ))}
      </div>
    </section>
  );
}

/** What is of a person: how long it is kept, and its erasure by who may. */
function Personal({ f, p, held }: { f: Field; p: Props; held: boolean }) {
  return (
    <span class="rr-personal">
      <span class="mark" title={f.keep_days ? t('keep.days', { n: f.keep_days }) : t('keep.ever')}>
        {t('personal')}
      </span>
      {held && p.acts && can('personal.erase') && (
        <button
          type="button"
          class="btn plain rr-small"
          onClick={() =>
            p.ask({
              title: t('erase.what', { what: pick(f.title) }),
              explain: t('erase.why'),
              verb: 'record.erase',
              fields: [{ name: 'reason', label: t('reason'), kind: 'area' }],
              args: (v) => ({ record: p.rec.id, field: f.id, ...v }),
              done: p.again,
            })
          }
        >
          {t('erase')}
        </button>
      )}
    </span>
  );
}

function FieldRow({ f, p }: { f: Field; p: Props }) {
  const x = current(p.facts, f.id);
  const value = p.rec.fields[f.id];
  const conflict = differing(p.rec).has(f.id);
  const count = p.facts.filter((y) => y.field === f.id).length;
  return (
    <tr class={f.ended ? 'rr-ended' : ''}>
      <th scope="row">
        {pick(f.title)}
        {f.ended && <span class="hint"> {t('field.ended')}</span>}
      </th>
      <td class="rr-value">
        {f.type === 'ref' && value ? (
          <a href={`#/registers/${f.to}/${value}`}>{withUnit(f, value)}</a>
        ) : f.type === 'place' && value ? (
          <button
            type="button"
            class="rr-link"
            onClick={() => {
              go(['map']);
              flyTo.value = place(String(value));
            }}
          >
            {withUnit(f, value)}
          </button>
        ) : p.rec.erased?.[f.id] ? (
          <span class="hint" title={fullStamp(p.rec.erased[f.id]!)}>
            {t('erased')}
          </span>
        ) : (
          withUnit(f, value)
        )}
        {f.personal && <Personal f={f} p={p} held={count > 0 && !p.rec.erased?.[f.id]} />}
        {conflict && (
          <button
            type="button"
            class="btn rr-small"
            aria-expanded={p.open === f.id}
            onClick={() => p.setOpen(p.open === f.id ? null : f.id)}
          >
            ≠ {t('sources')}
          </button>
        )}
      </td>
      <td>
        {f.type === 'computed' ? (
          <span class="hint">{t('computed')}</span>
        ) : (
          <Origin x={x?.source || x?.verified || x?.certainty ? x : undefined} />
        )}
      </td>
      <td class="hint">{x ? `${personName(x.by)} ${stamp(x.time)}` : ''}</td>
      <td class="num">
        {count > 1 && (
          <button
            type="button"
            class="btn plain rr-small"
            onClick={() => setQuery({ tab: 'history', field: f.id })}
          >
            {t('values', { n: count })}
          </button>
        )}
      </td>
    </tr>
  );
}

export function FieldsBlock(p: Props) {
  const { r, rec } = p;
  const fields = r.fields.filter(
    (f) => !isFiles(f) && (!f.ended || rec.fields[f.id] !== undefined),
  );
  const differ = differing(rec);
  const conflict = fields.filter((f) => differ.has(f.id));
  const shown = p.open ?? (conflict.length === 1 ? conflict[0]!.id : null);
  const open = conflict.find((f) => f.id === shown);
  return (
    <div class="stack rr-fields">
      {open && <Sources f={open} rec={rec} facts={rec.facts ?? []} acts={p.acts} again={p.again} />}
      <div class="panel rg-scroll">
        <table class="wide-table">
          <thead>
            <tr>
              <th scope="col">{t('col.field')}</th>
              <th scope="col">{t('col.value')}</th>
              <th scope="col">{t('col.source')}</th>
              <th scope="col">{t('col.by')}</th>
              <th scope="col">
                <span class="sr">{t('col.history')}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {fields.map((f) => (
              <FieldRow key={f.id} f={f} p={p} />
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}
