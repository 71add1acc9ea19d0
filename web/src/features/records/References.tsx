// SPDX-License-Identifier: Apache-2.0
/** What this record names, and what names it. */
import { fieldOf, type Record_, type Reference, registerOf } from '../../api/room';
import { pick } from '../../app/i18n';
import { href, route } from '../../app/router';
import { t } from './texts';

function List({ list, title, own }: { list: readonly Reference[]; title: string; own: boolean }) {
  if (list.length === 0) return null;
  const here = registerOf(route.value.parts[1]);
  return (
    <>
      <h3>{title}</h3>
      <ul class="rr-refs">
        {list.map((x) => (
          <li key={`${x.register}${x.id}${x.field}`}>
            <span class="hint">
              {own ? pick(fieldOf(here, x.field)?.title) : pick(registerOf(x.register)?.title)}
            </span>{' '}
            <a href={href(['registers', x.register, String(x.id)])}>{x.label}</a>
          </li>
        ))}
      </ul>
    </>
  );
}

export function References({ rec }: { rec: Record_ }) {
  const refs = rec.references;
  if (!refs || refs.out.length + refs.in.length === 0) return null;
  return (
    <section class="card">
      <header>
        <h2>{t('refs')}</h2>
      </header>
      <div class="body stack">
        <List list={refs.out} title={t('refs.out')} own />
        <List list={refs.in} title={t('refs.in', { n: refs.in.length })} own={false} />
      </div>
    </section>
  );
}
