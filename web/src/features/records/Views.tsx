// SPDX-License-Identifier: Apache-2.0
/** Columns of a list and its named views, both kept in this browser. */
import { useState } from 'preact/hooks';
import type { Register } from '../../api/room';
import { pick } from '../../app/i18n';
import { route, setQuery } from '../../app/router';
import { CheckField } from '../../ui/Field';
import { chosenColumns, columnsOf, listable, readFilter, type SavedView, viewsOf } from './state';
import { t } from './texts';

export function ColumnsMenu({ r }: { r: Register }) {
  const chosen = chosenColumns(r).map((f) => f.id);
  const put = (ids: string[]) => (columnsOf.value = { ...columnsOf.value, [r.id]: ids });
  return (
    <details class="menu">
      <summary class="btn">{t('columns')} ▾</summary>
      <div class="menu-body panel rr-columns">
        {r.fields.filter(listable).map((f) => (
          <CheckField
            key={f.id}
            label={pick(f.title)}
            checked={chosen.includes(f.id)}
            onChange={(on) => put(on ? [...chosen, f.id] : chosen.filter((id) => id !== f.id))}
          />
        ))}
        <button
          type="button"
          class="btn"
          onClick={() => {
            const { [r.id]: _, ...rest } = columnsOf.value;
            columnsOf.value = rest;
          }}
        >
          {t('columns.reset')}
        </button>
      </div>
    </details>
  );
}

export function ViewsMenu({ r }: { r: Register }) {
  const [name, setName] = useState('');
  const list = viewsOf.value[r.id] ?? [];
  const put = (next: SavedView[]) => (viewsOf.value = { ...viewsOf.value, [r.id]: next });
  function save() {
    const q = route.value.query;
    const view: SavedView = {
      name: name.trim(),
      q: q.q ?? '',
      filter: readFilter(q.filter),
      sort: q.sort ?? '',
      columns: chosenColumns(r).map((f) => f.id),
    };
    put([...list.filter((v) => v.name !== view.name), view]);
    setName('');
  }
  function show(v: SavedView, el: HTMLElement) {
    el.closest('details')?.removeAttribute('open');
    columnsOf.value = { ...columnsOf.value, [r.id]: v.columns };
    const filter = v.filter.length ? JSON.stringify(v.filter) : null;
    setQuery({ q: v.q || null, sort: v.sort || null, filter });
  }
  return (
    <details class="menu">
      <summary class="btn">
        {t('views')} {list.length || ''} ▾
      </summary>
      <div class="menu-body panel rr-views">
        {list.map((v) => (
          <span key={v.name} class="row">
            <button
              type="button"
              class="btn plain grow rr-view"
              onClick={(e) => show(v, e.currentTarget)}
            >
              {v.name}
            </button>
            <button
              type="button"
              class="btn plain"
              aria-label={t('views.drop', { name: v.name })}
              onClick={() => put(list.filter((x) => x !== v))}
            >
              ✕
            </button>
          </span>
        ))}
        <form
          class="row"
          onSubmit={(e) => {
            e.preventDefault();
            if (!name.trim()) return;
            save();
            e.currentTarget.closest('details')?.removeAttribute('open');
          }}
        >
          <input
            class="input grow"
            aria-label={t('views.name')}
            placeholder={t('views.name')}
            value={name}
            onInput={(e) => setName(e.currentTarget.value)}
          />
          <button type="submit" class="btn" disabled={!name.trim()}>
            {t('views.save')}
          </button>
        </form>
      </div>
    </details>
  );
}
