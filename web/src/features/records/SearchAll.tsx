// SPDX-License-Identifier: Apache-2.0
/** Full text across all registers that the person may see. */
import { useState } from 'preact/hooks';
import { registerOf } from '../../api/room';
import { pick } from '../../app/i18n';
import { href, route, setQuery } from '../../app/router';
import { Waiting } from '../../records/Parts';
import { useRead } from '../../records/use';
import { Marked } from './Marked';
import { t } from './texts';

interface Hit {
  register: string;
  id: number;
  label: string;
  field?: string;
  snippet?: string;
}

export function SearchAll() {
  const q = route.value.query.q ?? '';
  const [text, setText] = useState(q);
  const read = useRead<Hit[] | { items: Hit[] }>(q ? '/search' : null, { q, limit: 50 });
  const hits = read.data ? (Array.isArray(read.data) ? read.data : read.data.items) : [];
  return (
    <div class="page">
      <h1>{t('title')}</h1>
      <form
        class="row"
        role="search"
        onSubmit={(e) => {
          e.preventDefault();
          setQuery({ q: text.trim() });
        }}
      >
        <input
          class="input grow"
          type="search"
          aria-label={t('search.all')}
          placeholder={t('search.hint')}
          value={text}
          onInput={(e) => setText(e.currentTarget.value)}
        />
        <button type="submit" class="btn primary">
          {t('search')}
        </button>
      </form>
      {q ? (
        <Waiting read={read}>
          <ul class="rr-hits">
            {hits.map((h) => (
              <li key={`${h.register}${h.id}`} class="panel">
                <a href={href(['registers', h.register, String(h.id)])}>
                  <Marked text={h.label} words={q} />
                </a>
                <span class="hint">{pick(registerOf(h.register)?.title) || h.register}</span>
                {h.snippet && h.snippet !== h.label && (
                  <p>
                    <Marked text={h.snippet} words={q} />
                  </p>
                )}
              </li>
            ))}
          </ul>
          {hits.length === 0 && <p class="hint">{t('search.none', { q })}</p>}
        </Waiting>
      ) : (
        <p class="hint">{t('intro')}</p>
      )}
    </div>
  );
}
