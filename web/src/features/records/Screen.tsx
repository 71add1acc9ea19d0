// SPDX-License-Identifier: Apache-2.0
/** The menu of registers at the left, and what the address names of one of them at the right. */
import './records.css';
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { loadRoom, type Register, registerOf, room } from '../../api/room';
import { replaying } from '../../api/world';
import { fullStamp } from '../../app/format';
import { pick } from '../../app/i18n';
import { href, route } from '../../app/router';
import { useHeard } from '../../records/use';
import { Duplicates } from './Duplicates';
import { FormScreen } from './FormScreen';
import { ImportWizard } from './Import';
import { List } from './List';
import { RecordPage } from './RecordPage';
import { SearchAll } from './SearchAll';
import { known } from './state';
import { t } from './texts';

function groups(): [string, Register[]][] {
  const out = new Map<string, Register[]>();
  for (const r of room.value.registers) {
    const g = pick(r.group) || t('group.other');
    out.set(g, [...(out.get(g) ?? []), r]);
  }
  return [...out];
}

const menuOpen = signal(true);

function Menu({ current }: { current: string | undefined }) {
  if (!menuOpen.value) {
    return (
      <nav class="rr-menu shut" aria-label={t('menu')}>
        <button
          type="button"
          class="btn plain"
          aria-expanded="false"
          aria-label={t('menu.open')}
          onClick={() => (menuOpen.value = true)}
        >
          ▸
        </button>
      </nav>
    );
  }
  return (
    <nav class="rr-menu" aria-label={t('menu')}>
      <div class="row">
        <a class="grow" href="#/registers" aria-current={current ? undefined : 'page'}>
          {t('search.all')}
        </a>
        <button
          type="button"
          class="btn plain"
          aria-expanded="true"
          aria-label={t('menu.shut')}
          onClick={() => (menuOpen.value = false)}
        >
          ◂
        </button>
      </div>
      {groups().map(([g, list]) => (
        <section key={g}>
          <h2>{g}</h2>
          <ul>
            {list.map((r) => (
              <li key={r.id}>
                <a
                  href={href(['registers', r.id])}
                  aria-current={r.id === current ? 'page' : undefined}
                >
                  <span class="grow ellipsis">{pick(r.title)}</span>
                  <span class="hint">{known.value ? '' : (r.total ?? '')}</span>
                </a>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </nav>
  );
}

function Inside() {
  const [, id, what, more] = route.value.parts;
  if (!id) return <SearchAll />;
  const r = registerOf(id);
  if (!r) return <p class="pad error">{t('no.register', { id })}</p>;
  if (!what) return <List key={r.id} r={r} />;
  if (what === 'new') return <FormScreen key="new" r={r} />;
  if (what === 'import') return <ImportWizard r={r} />;
  if (what === 'duplicates') return <Duplicates r={r} />;
  if (more === 'edit') return <FormScreen key={what} r={r} id={Number(what)} />;
  return <RecordPage key={what} r={r} id={Number(what)} />;
}

export default function RegistersScreen() {
  useHeard(['site'], () => void loadRoom());
  useHeard(['record'], (o) => {
    if (o.change === 'create' || o.change === 'end') void loadRoom();
  });
  useEffect(() => void loadRoom(), []);
  return (
    <div class={`rr${menuOpen.value ? '' : ' rr-wide'}`}>
      <Menu current={route.value.parts[1]} />
      <div class="rr-main">
        {replaying.value && known.value !== null && (
          <p class="rr-past" role="status">
            {t('past', { at: fullStamp(known.value) })}
          </p>
        )}
        <Inside />
      </div>
    </div>
  );
}
