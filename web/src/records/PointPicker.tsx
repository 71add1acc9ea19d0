// SPDX-License-Identifier: Apache-2.0
/** A box that finds points by name, id or pinyin initials; Enter or a click takes one. */
import { useId, useMemo, useRef, useState } from 'preact/hooks';
import type { PointInfo } from '../api/model';
import { site } from '../api/site';
import { nameOf } from '../app/i18n';
import { initials } from '../app/pinyin';
import { t } from './texts';

const SHOWN = 12;

export function findPoints(
  points: readonly PointInfo[],
  query: string,
  fits: (p: PointInfo) => boolean = () => true,
): PointInfo[] {
  const words = query.trim().toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [];
  const plain = /^[a-z0-9]+$/.test(words.join('')) ? words.join('') : '';
  const hits: [number, PointInfo][] = [];
  for (const p of points) {
    if (!fits(p)) continue;
    const text = `${p.id} ${p.name} ${p.name_en ?? ''}`.toLowerCase();
    if (words.every((w) => text.includes(w))) hits.push([text.startsWith(words[0]!) ? 0 : 1, p]);
    else if (plain && initials(p.name).includes(plain)) hits.push([2, p]);
  }
  return hits.sort((a, b) => a[0] - b[0]).map((h) => h[1]);
}

interface PickerProps {
  onPick: (p: PointInfo) => void;
  fits?: (p: PointInfo) => boolean;
  label?: string;
}

export function PointPicker({ onPick, fits, label }: PickerProps) {
  const [query, setQuery] = useState('');
  const [at, setAt] = useState(0);
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const id = useId();
  const points = site.value.points;
  const all = useMemo(() => findPoints(points, query, fits), [points, query, fits]);
  const hits = all.slice(0, SHOWN);
  const shown = open && query.trim() !== '';

  function take(p: PointInfo | undefined) {
    if (!p) return;
    onPick(p);
    setQuery('');
    setAt(0);
  }

  function onKeyDown(e: KeyboardEvent) {
    if (e.isComposing) return;
    if (e.key === 'Enter') {
      e.preventDefault();
      take(hits[at]);
    } else if (e.key === 'ArrowDown' || e.key === 'ArrowUp') {
      e.preventDefault();
      const n = hits.length || 1;
      setAt((at + (e.key === 'ArrowDown' ? 1 : n - 1)) % n);
    } else if (e.key === 'Escape' && shown) {
      e.stopPropagation();
      setQuery('');
    }
  }

  return (
    <div
      ref={box}
      class="picker"
      onFocusIn={() => setOpen(true)}
      onFocusOut={(e) => {
        if (!box.current?.contains(e.relatedTarget as Node | null)) setOpen(false);
      }}
    >
      <input
        class="input"
        type="text"
        role="combobox"
        aria-label={label ?? t('picker.add')}
        aria-expanded={shown}
        aria-controls={`${id}-list`}
        aria-activedescendant={shown && hits[at] ? `${id}-${at}` : undefined}
        aria-autocomplete="list"
        autocomplete="off"
        placeholder={`+ ${label ?? t('picker.add')}`}
        title={t('picker.placeholder')}
        value={query}
        onInput={(e) => {
          setQuery(e.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
      />
      <div class="picker-list" hidden={!shown}>
        <ul id={`${id}-list`} role="listbox" aria-label={t('picker.placeholder')}>
          {hits.map((p, i) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: keys act in the box above
            <li
              key={p.id}
              id={`${id}-${i}`}
              role="option"
              aria-selected={i === at}
              tabIndex={-1}
              onClick={() => take(p)}
            >
              <span class="grow ellipsis">{nameOf(p)}</span>
              <span class="hint">
                {p.id} · {site.value.placeName(p.place)}
              </span>
            </li>
          ))}
        </ul>
        {hits.length === 0 && <p class="hint">{t('picker.none')}</p>}
        {all.length > SHOWN && <p class="hint">{t('picker.more', { n: all.length - SHOWN })}</p>}
      </div>
    </div>
  );
}
