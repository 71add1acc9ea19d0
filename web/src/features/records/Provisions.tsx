// SPDX-License-Identifier: Apache-2.0
/** What plans and laws lay on this record: what holds, what satisfies it, which facts are missing. */
import { useState } from 'preact/hooks';
import {
  type Provisions as Answer,
  fieldOf,
  type Holds,
  type Provision,
  type Record_,
  type Register,
  recordPath,
} from '../../api/room';
import { pick } from '../../app/i18n';
import { href } from '../../app/router';
import { Waiting } from '../../records/Parts';
import { useRead } from '../../records/use';
import { Tabs } from '../../ui/Tabs';
import { t } from './texts';

type Verdict = Answer['records'][number]['verdicts'][number];
type Shown = 'open' | Holds;

const BINDING = new Set(['must', 'shall', 'forbidden']);

/** It holds, something could satisfy it, and nothing does. */
export function isOpen(p: Provision, v: Verdict): boolean {
  return v.holds === 'yes' && p.can_be_met && !v.met?.length;
}

function fits(shown: Shown, p: Provision, v: Verdict): boolean {
  return shown === 'open' ? isOpen(p, v) : v.holds === shown;
}

function Result({ r, p, v }: { r: Register; p: Provision; v: Verdict }) {
  const names = (ids: readonly string[]) =>
    ids.map((id) => pick(fieldOf(r, id)?.title) || id).join(t('comma'));
  if (v.holds === 'unknown') {
    return (
      <>
        <span class="mark">{t('prov.unknown')}</span>{' '}
        <span>{t('prov.missing', { facts: names(v.missing) })}</span>
      </>
    );
  }
  if (v.holds === 'no') return <span class="hint">{t('prov.no')}</span>;
  return (
    <>
      <b>{t('prov.yes')}</b> {isOpen(p, v) && <span class="mark">{t('prov.open')}</span>}
      {v.met?.map((m) => (
        <a key={m.id} href={href(['registers', m.register, String(m.id)])}>
          {t('prov.met', { what: m.label })}
        </a>
      ))}
    </>
  );
}

function Row({ r, p, v }: { r: Register; p: Provision; v: Verdict }) {
  return (
    <tr>
      <th scope="row">{p.no}</th>
      <td class={BINDING.has(p.modality) ? 'rr-binding' : ''}>{p.word}</td>
      <td>
        <b>{pick(p.title)}</b>
        <details>
          <summary class="hint">{t('prov.text')}</summary>
          <p>{p.text}</p>
          <p class="hint">
            {p.source.standard} {p.source.edition} {p.source.clause}
            {!p.source.verified && ` ${t('prov.unverified')}`}
          </p>
          {p.responsible.length > 0 && (
            <p class="hint">{t('prov.responsible', { who: p.responsible.join(t('comma')) })}</p>
          )}
        </details>
      </td>
      <td>
        <Result r={r} p={p} v={v} />
      </td>
    </tr>
  );
}

export function Provisions({
  r,
  rec,
  when,
}: {
  r: Register;
  rec: Record_;
  when: { known?: number | string; at?: number | string };
}) {
  const at = when.known ?? when.at;
  const read = useRead<Answer>(`${recordPath(r.id, rec.id)}/provisions`, at ? { at } : {});
  const [shown, setShown] = useState<Shown>('yes');
  const verdicts = read.data?.records[0]?.verdicts;
  if (!read.data || !verdicts) return <Waiting read={read} />;
  const pairs = read.data.provisions.map((p, i) => ({ p, v: verdicts[i]! }));
  const count = (s: Shown) => pairs.filter(({ p, v }) => fits(s, p, v)).length;
  const rows = pairs.filter(({ p, v }) => fits(shown, p, v));
  return (
    <div class="stack">
      <Tabs
        label={t('prov.shown')}
        current={shown}
        tabs={(['yes', 'open', 'unknown', 'no'] as const).map((id) => ({
          id,
          title: t(`prov.tab.${id}`, { n: count(id) }),
        }))}
        onChange={(id) => setShown(id as Shown)}
      />
      {rows.length === 0 ? (
        <p class="hint">{t('prov.none')}</p>
      ) : (
        <table class="wide-table rr-prov">
          <thead>
            <tr>
              <th scope="col">{t('prov.no.col')}</th>
              <th scope="col">{t('prov.word')}</th>
              <th scope="col">{t('prov.what')}</th>
              <th scope="col">{t('prov.result')}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ p, v }) => (
              <Row key={p.id} r={r} p={p} v={v} />
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}
