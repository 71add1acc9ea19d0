// SPDX-License-Identifier: Apache-2.0
/** One machine: its figures, each a way to its card, and the sequences that go over its outputs. */
import type { ComponentChildren } from 'preact';
import type { PointInfo } from '../../api/model';
import { can } from '../../api/session';
import { canAct, replaying } from '../../api/world';
import { span } from '../../app/format';
import { nameOf, pick } from '../../app/i18n';
import { point, select } from '../../app/selection';
import { type Asset, book, type Sequence } from '../../sequences/book';
import { asksFirst, begin } from '../../sequences/StartDialog';
import { Value } from '../../ui/Value';
import { numberOf, type Parts } from './parts';
import { t } from './texts';

export type Ask = (q: Sequence, subject: string) => void;

/** What of its name the machine's own name does not say already. */
function label(p: PointInfo, asset: Asset): string {
  const name = nameOf(p);
  const own = pick(asset.name);
  const rest = name.startsWith(own) ? name.slice(own.length).replace(/^[，,\s]+/, '') : name;
  return rest || name;
}

/** Seconds since a device began, as days and hours. */
function Uptime({ p }: { p: PointInfo }) {
  const s = numberOf(p);
  return s === null ? <Value point={p} /> : <span class="value">{span(s * 1000)}</span>;
}

export function Figure({ p, asset, name }: { p: PointInfo; asset: Asset; name?: string }) {
  return (
    <button type="button" class="plant-figure" onClick={() => select(point(p.id))}>
      <span class="hint">{name ?? label(p, asset)}</span>{' '}
      {p.role === 'net.uptime' ? <Uptime p={p} /> : <Value point={p} />}
    </button>
  );
}

export function Figures({
  parts,
  roles,
  rest,
}: {
  parts: Parts;
  roles?: readonly string[];
  /** Everything but these roles. */
  rest?: readonly string[];
}) {
  const list = roles
    ? roles.flatMap((r) => parts.every(r))
    : parts.all.filter((p) => !rest?.includes(p.role));
  return (
    <span class="plant-figures">
      {list.map((p) => (
        <Figure key={p.id} p={p} asset={parts.asset} />
      ))}
    </span>
  );
}

export function Sequences({ parts, ask }: { parts: Parts; ask: Ask }) {
  const own = new Set(parts.asset.points);
  const list = (book.value?.sequences ?? []).flatMap((q) => {
    const subject = q.subjects.find((s) => own.has(s));
    return subject ? [{ q, subject }] : [];
  });
  if (list.length === 0) return null;
  return (
    <div class="row wrap">
      {list.map(({ q, subject }) => (
        <button
          key={q.id}
          type="button"
          class="btn"
          disabled={
            !canAct.value || replaying.value || !can(q.start ? 'output.close' : 'output.open')
          }
          onClick={() => begin(q, [subject], () => ask(q, subject))}
        >
          {pick(q.title)}
          {asksFirst(q) && '…'}
        </button>
      ))}
    </div>
  );
}

export function Card({
  parts,
  wide,
  watched,
  children,
}: {
  parts: Parts;
  wide?: boolean;
  /** Seen, never commanded. */
  watched?: boolean;
  children: ComponentChildren;
}) {
  return (
    <section class={`plant-card${wide ? ' wide' : ''}`} aria-label={pick(parts.asset.name)}>
      <h2>
        {pick(parts.asset.name)}
        {watched && <span class="plant-watched">{t('watched')}</span>}
      </h2>
      {children}
    </section>
  );
}

/** A word with a sign; null is not known. */
export function State({
  on,
  yes,
  no,
  bad,
}: {
  on: boolean | null;
  yes: string;
  no: string;
  bad?: boolean;
}) {
  const text = on === null ? t('unknown') : on ? yes : no;
  return (
    <span class={`plant-state${on && bad ? ' bad' : ''}${on === null ? ' unknown' : ''}`}>
      <span aria-hidden="true">{on === null ? '?' : on ? (bad ? '✕' : '●') : '○'}</span> {text}
    </span>
  );
}
