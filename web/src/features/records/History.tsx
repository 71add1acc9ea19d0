// SPDX-License-Identifier: Apache-2.0
/** Every value that ever stood, and every move of the case, newest first. */
import { type Fact, fieldOf, type Move, personName, type Register, stateOf } from '../../api/room';
import { fullStamp } from '../../app/format';
import { pick } from '../../app/i18n';
import { route, setQuery } from '../../app/router';
import { withUnit } from '../../registers/value';
import { SelectField } from '../../ui/Field';
import { t } from './texts';

interface Entry {
  time: number;
  by: string;
  facts: { fact: Fact; before: unknown; first: boolean }[];
}

/** Facts written together stand together; each with the value before it. */
export function entries(facts: readonly Fact[]): Entry[] {
  const last = new Map<string, unknown>();
  const out: Entry[] = [];
  for (const fact of [...facts].sort((a, b) => a.time - b.time || a.id - b.id)) {
    const first = !last.has(fact.field);
    const before = last.get(fact.field);
    if (fact.chosen) last.set(fact.field, fact.value);
    const open = out.at(-1);
    if (open && open.time === fact.time && open.by === fact.by)
      open.facts.push({ fact, before, first });
    else out.push({ time: fact.time, by: fact.by, facts: [{ fact, before, first }] });
  }
  return out.reverse();
}

export function History({ r, facts }: { r: Register; facts: readonly Fact[] }) {
  const only = route.value.query.field ?? '';
  const list = entries(only ? facts.filter((x) => x.field === only) : facts);
  const ids = [...new Set(facts.map((x) => x.field))];
  return (
    <div class="stack">
      <div class="row">
        <SelectField
          bare
          label={t('col.field')}
          value={only}
          options={[
            { id: '', title: t('history.all') },
            ...ids.map((id) => ({ id, title: pick(fieldOf(r, id)?.title) || id })),
          ]}
          onChange={(id) => setQuery({ field: id || null })}
        />
      </div>
      <ol class="rr-line-list">
        {list.map((e) => (
          <li key={`${e.time}${e.by}${e.facts[0]!.fact.id}`}>
            <p class="rr-when">
              <time>{fullStamp(e.time)}</time> <b>{personName(e.by)}</b>
            </p>
            <ul>
              {e.facts.map(({ fact, before, first }) => {
                const f = fieldOf(r, fact.field);
                const text = (v: unknown) => (f ? withUnit(f, v) : String(v ?? '–'));
                return (
                  <li key={fact.id}>
                    <span class="hint">{pick(f?.title) || fact.field}</span>{' '}
                    {!first && <del>{text(before)}</del>} {!first && '→ '}
                    {fact.erased ? (
                      <span class="hint">{t('erased.at', { at: fullStamp(fact.erased) })}</span>
                    ) : (
                      <b>{text(fact.value)}</b>
                    )}{' '}
                    {!fact.chosen && <span class="mark">{t('beside')}</span>}
                    {!!fact.dropped && <span class="mark">{t('dropped')}</span>}
                    {!!fact.verified && <span class="mark">{t('verified')}</span>}{' '}
                    {fact.source && (
                      <span class="hint">{t('from.source', { source: fact.source })}</span>
                    )}{' '}
                    {fact.since !== fact.time && (
                      <span class="hint">{t('valid.since', { at: fullStamp(fact.since) })}</span>
                    )}{' '}
                    {fact.note && <span>{fact.note}</span>}
                  </li>
                );
              })}
            </ul>
          </li>
        ))}
      </ol>
      {list.length === 0 && <p class="hint">{t('none')}</p>}
    </div>
  );
}

export function moveText(r: Register, m: Move): string {
  const what = t(`move.${m.kind}` as Parameters<typeof t>[0]);
  const to = pick(stateOf(r, m.to)?.title);
  const words = [what];
  if (m.kind === 'move' && to) words.push(`→ ${to}`);
  if (m.owner && (m.kind === 'assign' || m.kind === 'move'))
    words.push(t('to.owner', { who: personName(m.owner) }));
  return words.join(' ');
}

export function Moves({ r, moves }: { r: Register; moves: readonly Move[] }) {
  return (
    <ol class="rr-line-list">
      {[...moves].reverse().map((m, i) => (
        <li key={i}>
          <p class="rr-when">
            <time>{fullStamp(m.time)}</time> <b>{personName(m.by)}</b>
          </p>
          <p>
            {moveText(r, m)}{' '}
            {m.due ? <span class="hint">{t('due.at', { at: fullStamp(m.due) })}</span> : null}
          </p>
          {m.note && <p>{m.note}</p>}
        </li>
      ))}
    </ol>
  );
}
