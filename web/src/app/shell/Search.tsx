// SPDX-License-Identifier: Apache-2.0
/** `/`: one box for points, places, pages and what features add. Enter = card, Ctrl+Enter = map. */
import { signal } from '@preact/signals';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { site } from '../../api/site';
import { t as tu } from '../../ui/texts';
import { app } from '../app';
import { nameOf } from '../i18n';
import { initials } from '../pinyin';
import { go } from '../router';
import { flyTo, place, point, select, type Target } from '../selection';
import { t } from '../texts';

export const searchOpen = signal(false);

interface Hit {
  title: string;
  hint: string;
  run: (onMap: boolean) => void;
}

interface Indexed {
  text: string;
  short: string;
  hit: Hit;
}

function show(target: Target, onMap: boolean): void {
  select(target);
  if (onMap) go(['map']);
  flyTo.value = target;
}

function index(): Indexed[] {
  const out: Indexed[] = [];
  const add = (name: string, more: string, hit: Hit) =>
    out.push({ text: `${name} ${more}`.toLowerCase(), short: initials(name), hit });
  for (const s of app.screens.list) {
    if (!s.glyph) continue;
    add(s.title(), s.id, { title: s.title(), hint: `#/${s.id}`, run: () => go([s.id]) });
  }
  for (const p of site.value.points) {
    add(p.name, `${p.id} ${p.name_en ?? ''}`, {
      title: nameOf(p),
      hint: `${p.id} · ${site.value.placeName(p.place)}`,
      run: (m) => show(point(p.id), m),
    });
  }
  for (const p of site.value.places.values()) {
    add(p.name, `${p.id} ${p.name_en ?? ''}`, {
      title: nameOf(p),
      hint: p.id,
      run: (m) => show(place(p.id), m),
    });
  }
  return out;
}

const MAX = 30;

export function findHits(list: readonly Indexed[], query: string): Hit[] {
  const q = query.trim().toLowerCase();
  if (!q) return [];
  const words = q.split(/\s+/);
  const scored: [number, Hit][] = [];
  for (const e of list) {
    const inText = words.every((w) => e.text.includes(w));
    const inShort = /^[a-z0-9]+$/.test(q) && e.short.includes(q);
    if (!inText && !inShort) continue;
    scored.push([e.text.startsWith(q) ? 0 : inText ? 1 : e.short.startsWith(q) ? 2 : 3, e.hit]);
    if (scored.length > 500) break;
  }
  return scored
    .sort((a, b) => a[0] - b[0])
    .slice(0, MAX)
    .map((s) => s[1]);
}

export function Search() {
  return searchOpen.value ? <SearchBox /> : null;
}

function SearchBox() {
  const [q, setQ] = useState('');
  const [at, setAt] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const list = useMemo(index, [site.value]);
  const more = q.trim() ? app.finders.list.flatMap((f) => f.find(q.trim())) : [];
  const hits: Hit[] = [
    ...findHits(list, q),
    ...more.map((m) => ({ title: m.title, hint: m.hint ?? '', run: m.run })),
  ];
  useEffect(() => input.current?.focus(), []);
  const close = () => {
    searchOpen.value = false;
  };
  const open = (h: Hit | undefined, onMap: boolean) => {
    if (!h) return;
    close();
    h.run(onMap);
  };
  function onKeyDown(e: KeyboardEvent) {
    if (e.isComposing) return;
    if (e.key === 'Escape') close();
    else if (e.key === 'ArrowDown') setAt((n) => Math.min(hits.length - 1, n + 1));
    else if (e.key === 'ArrowUp') setAt((n) => Math.max(0, n - 1));
    else if (e.key === 'Enter') open(hits[at], e.ctrlKey);
    else return;
    e.preventDefault();
    e.stopPropagation();
  }
  return (
    <div class="search" role="dialog" aria-label={t('search')}>
      <div class="search-box panel">
        <input
          ref={input}
          class="input"
          type="text"
          role="combobox"
          aria-expanded={hits.length > 0}
          aria-controls="search-hits"
          aria-activedescendant={hits.length > 0 ? `hit-${at}` : undefined}
          aria-label={t('search')}
          placeholder={t('search.hint')}
          value={q}
          onInput={(e) => {
            setQ(e.currentTarget.value);
            setAt(0);
          }}
          onKeyDown={onKeyDown}
          onBlur={(e) => {
            if (!(e.relatedTarget as Element | null)?.closest('.search')) close();
          }}
        />
        <ul id="search-hits" role="listbox" aria-label={t('search')}>
          {hits.map((h, i) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: keys are the input's, by aria-activedescendant
            // biome-ignore lint/a11y/useFocusableInteractive: as above
            <li
              key={h.title + h.hint}
              id={`hit-${i}`}
              role="option"
              aria-selected={i === at}
              onMouseDown={(e) => e.preventDefault()}
              onClick={(e) => open(h, e.ctrlKey)}
            >
              <span class="ellipsis">{h.title}</span>
              <span class="hint">{h.hint}</span>
            </li>
          ))}
        </ul>
        <p class="hint">{q && hits.length === 0 ? t('search.none') : t('search.map')}</p>
        <button type="button" class="sr" onClick={close}>
          {tu('close')}
        </button>
      </div>
    </div>
  );
}
