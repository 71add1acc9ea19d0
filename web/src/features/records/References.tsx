// SPDX-License-Identifier: Apache-2.0
/** What this record names, and what names it. */
import { fieldOf, type Record_, type Reference, type Register, registerOf } from '../../api/room';
import { pick } from '../../app/i18n';
import { href } from '../../app/router';
import { t } from './texts';

interface Row {
  key: string;
  what: string;
  to: Reference;
}

function List({ list, title }: { list: readonly Row[]; title: string }) {
  if (list.length === 0) return null;
  return (
    <>
      <h3>{title}</h3>
      <ul class="rr-refs">
        {list.map(({ key, what, to }) => (
          <li key={key}>
            <span class="hint">{what}</span>{' '}
            <a href={href(['registers', to.register, String(to.id)])}>{to.label || to.key}</a>
          </li>
        ))}
      </ul>
    </>
  );
}

export function References({ r, rec }: { r: Register; rec: Record_ }) {
  const out = Object.entries(rec.refs ?? {}).map(([field, to]) => ({
    key: field,
    what: pick(fieldOf(r, field)?.title) || field,
    to,
  }));
  const into = (rec.referrers ?? []).map((to) => ({
    key: `${to.register}${to.id}${to.field}`,
    what: pick(registerOf(to.register)?.title) || to.register,
    to,
  }));
  if (out.length + into.length === 0) return null;
  return (
    <section class="card">
      <header>
        <h2>{t('refs')}</h2>
      </header>
      <div class="body stack">
        <List list={out} title={t('refs.out')} />
        <List list={into} title={t('refs.in', { n: into.length })} />
      </div>
    </section>
  );
}
