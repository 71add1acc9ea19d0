// SPDX-License-Identifier: Apache-2.0
/** A box that searches and takes one: a record, a place, a person. */
import { createContext } from 'preact';
import { useContext, useEffect, useId, useRef, useState } from 'preact/hooks';
import { api } from '../api/client';
import { type Person, peopleFor } from '../api/people';
import { type Field, type Item, type Page, personName, registerOf } from '../api/room';
import { site } from '../api/site';
import { nameOf, pick } from '../app/i18n';
import { initials } from '../app/pinyin';
import { t } from './texts';
import { knowRef, refLabel } from './value';

export interface Choice {
  id: string;
  title: string;
  hint?: string;
}

interface PickerProps {
  value: string;
  text: string;
  label: string;
  placeholder: string;
  find: (q: string) => Choice[] | Promise<Choice[]>;
  onPick: (id: string) => void;
  /** What typed text means when the box is left without a choice; empty: nothing. */
  settle?: (q: string) => Promise<string>;
  id?: string;
  invalid?: boolean;
  describedBy?: string | undefined;
}

const SHOWN = 12;
/** Places of a person that a choice names. */
const UNITS = 2;
const WAIT_MS = 200;

function useChoices(find: PickerProps['find'], q: string, open: boolean): Choice[] {
  const [list, setList] = useState<Choice[]>([]);
  const round = useRef(0);
  useEffect(() => {
    if (!open) return;
    const mine = ++round.current;
    const timer = setTimeout(
      () =>
        void Promise.resolve(find(q)).then(
          (x) => mine === round.current && setList(x.slice(0, SHOWN)),
          () => mine === round.current && setList([]),
        ),
      q ? WAIT_MS : 0,
    );
    return () => clearTimeout(timer);
  }, [q, open]);
  return list;
}

export function Picker(p: PickerProps) {
  const [q, setQ] = useState<string | null>(null);
  const [at, setAt] = useState(0);
  const box = useRef<HTMLDivElement>(null);
  const auto = useId();
  const list = useChoices(p.find, q ?? '', q !== null);
  const shown = q !== null && list.length > 0;

  function take(c: Choice | undefined) {
    if (c) p.onPick(c.id);
    setQ(null);
    setAt(0);
  }
  function onKeyDown(e: KeyboardEvent) {
    if (e.isComposing) return;
    if (e.key === 'ArrowDown' || e.key === 'ArrowUp') {
      e.preventDefault();
      const n = list.length || 1;
      setAt((at + (e.key === 'ArrowDown' ? 1 : n - 1)) % n);
      if (q === null) setQ('');
    } else if (e.key === 'Enter' && shown) {
      e.preventDefault();
      take(list[at]);
    } else if (e.key === 'Escape' && q !== null) {
      e.stopPropagation();
      e.preventDefault();
      setQ(null);
    }
  }
  function leave() {
    const typed = q?.trim();
    if (typed && p.settle)
      void p.settle(typed).then((id) => {
        if (id) p.onPick(id);
      });
    setQ(null);
  }
  return (
    <div
      ref={box}
      class="picker rg-picker"
      onFocusOut={(e) => {
        if (!box.current?.contains(e.relatedTarget as Node | null)) leave();
      }}
    >
      <input
        id={p.id}
        class="input"
        type="text"
        role="combobox"
        aria-label={p.label}
        aria-expanded={shown}
        aria-controls={`${auto}-list`}
        aria-activedescendant={shown && list[at] ? `${auto}-${at}` : undefined}
        aria-autocomplete="list"
        aria-invalid={p.invalid || undefined}
        aria-describedby={p.describedBy}
        autocomplete="off"
        placeholder={p.placeholder}
        value={q ?? p.text}
        onFocus={(e) => e.currentTarget.select()}
        onClick={() => q === null && setQ('')}
        onInput={(e) => {
          setQ(e.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
      />
      {p.value && (
        <button
          type="button"
          class="rg-clear"
          aria-label={`${t('clear')} ${p.label}`}
          onClick={() => p.onPick('')}
        >
          ✕
        </button>
      )}
      <div class="picker-list" hidden={!shown}>
        <ul id={`${auto}-list`} role="listbox" aria-label={p.label}>
          {list.map((c, i) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: keys act in the box above
            <li
              key={c.id}
              id={`${auto}-${i}`}
              role="option"
              aria-selected={i === at}
              tabIndex={-1}
              onMouseDown={(e) => e.preventDefault()}
              onClick={() => take(c)}
            >
              <span class="grow ellipsis">{c.title}</span>
              {c.hint && <span class="hint">{c.hint}</span>}
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}

interface ValueProps {
  value: string;
  label: string;
  onPick: (id: string) => void;
  id?: string;
  invalid?: boolean;
  describedBy?: string | undefined;
}

export function RefPicker({ to, ...p }: ValueProps & { to: string }) {
  const text = p.value ? (/^\d+$/.test(p.value) ? refLabel(to, Number(p.value)) : p.value) : '';
  const find = async (q: string) => {
    const page = await api.get<Page<Item>>(`/records/${to}`, { q, limit: SHOWN });
    for (const r of page.items) knowRef(r.id, r.label || r.key);
    return page.items.map((r) => ({ id: String(r.id), title: r.label || r.key, hint: r.key }));
  };
  const title = pick(registerOf(to)?.title);
  return <Picker {...p} text={text} find={find} placeholder={t('search.ref', { title })} />;
}

export function findPlaces(q: string): Choice[] {
  const word = q.trim().toLowerCase();
  return [...site.value.places.values()]
    .filter(
      (p) =>
        !word ||
        `${p.id} ${p.name} ${p.name_en ?? ''}`.toLowerCase().includes(word) ||
        initials(p.name).includes(word),
    )
    .map((p) => ({
      id: p.id,
      title: nameOf(p),
      hint: site.value.placeName(p.parent ?? undefined),
    }));
}

export function PlacePicker(p: ValueProps) {
  return (
    <Picker
      {...p}
      text={p.value ? site.value.placeName(p.value) : ''}
      find={findPlaces}
      placeholder={t('search.place')}
    />
  );
}

/** The record that a box of persons is about: people are those who may see it. */
export const About = createContext<{ register: string; place?: string | null }>({ register: '' });

const unitsOf = (x: Person) =>
  (x.units ?? [])
    .slice(0, UNITS)
    .map((id) => site.value.placeName(id))
    .join('、');

const fits = (x: Person, word: string) =>
  `${x.user} ${x.name} ${unitsOf(x)}`.toLowerCase().includes(word) ||
  initials(x.name).includes(word);

const asChoice = (x: Person): Choice => ({
  id: x.user,
  title: x.name || x.user,
  hint: [unitsOf(x), ...(x.roles ?? []).map((r) => pick(r)), x.user].filter(Boolean).join(' · '),
});

/** With `owners` also the rights that may own a case: whoever holds one. */
export function PersonPicker({ owners, ...p }: ValueProps & { owners?: boolean }) {
  const about = useContext(About);
  const all = () => peopleFor(about.register, about.place ?? '');
  async function find(q: string): Promise<Choice[]> {
    const word = q.trim().toLowerCase();
    const { items, rights } = await all();
    const shared = owners ? rights.filter((x) => x.toLowerCase().includes(word)) : [];
    return [
      ...items.filter((x) => fits(x, word)).map(asChoice),
      ...shared.map((id) => ({ id, title: t('owner.right', { right: id }) })),
    ];
  }
  async function settle(q: string): Promise<string> {
    const people = await all().catch(() => null);
    if (!people) return q; // no list to choose from: the server judges what was typed
    const exact = people.items.find((x) => x.user === q || x.name === q)?.user;
    if (exact) return exact;
    if (owners && people.rights.includes(q)) return q;
    const found = await find(q);
    return found.length === 1 ? found[0]!.id : '';
  }
  return (
    <Picker
      {...p}
      settle={settle}
      text={personName(p.value)}
      find={find}
      placeholder={t('search.person')}
    />
  );
}

export function pickerOf(f: Field, p: ValueProps) {
  if (f.type === 'ref') return <RefPicker {...p} to={f.to ?? ''} />;
  if (f.type === 'place') return <PlacePicker {...p} />;
  return <PersonPicker {...p} />;
}
