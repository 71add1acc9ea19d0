// SPDX-License-Identifier: Apache-2.0
/** Cameras: the list by place at the left, up to nine live pictures beside it. What is chosen stands
 *  in the address. */
import './cameras.css';
import { useEffect, useState } from 'preact/hooks';
import { site } from '../../api/site';
import { live } from '../../api/world';
import { nameOf } from '../../app/i18n';
import { useKey } from '../../app/keys';
import { go, route, setQuery } from '../../app/router';
import { warm } from './frames';
import { type Camera, cameras, chosenOf, MOST, nearest, refresh, stateText } from './state';
import { Tiles } from './Tiles';
import { t } from './texts';

const ASK_MS = 5000;

function useChosen(): [string[], (ids: readonly string[]) => void] {
  const known = new Set(cameras.value.map((c) => c.id));
  const chosen = chosenOf(route.value.query.c, known);
  return [chosen, (ids) => setQuery({ c: ids.slice(0, MOST).join(',') })];
}

function mark(c: Camera): string {
  return !c.known ? '○' : c.signal ? '●' : '✕';
}

function Row({ c, chosen, toggle }: { c: Camera; chosen: boolean; toggle: () => void }) {
  return (
    <li>
      <button
        type="button"
        class="camera-row"
        aria-pressed={chosen}
        onClick={toggle}
        onPointerEnter={() => warm(c.id)}
        onFocus={() => warm(c.id)}
      >
        <span aria-hidden="true">{mark(c)}</span>
        <span class="grow">
          {nameOf(c)}
          <span class="hint"> {site.value.placeName(c.place)}</span>
          {c.known && !c.signal && <span class="camera-lost">{stateText(c)}</span>}
        </span>
      </button>
    </li>
  );
}

function List({ chosen, choose }: { chosen: string[]; choose: (ids: string[]) => void }) {
  const [q, setQ] = useState('');
  const fits = (c: Camera) =>
    `${c.id} ${c.name} ${c.name_en} ${site.value.placeName(c.place)}`
      .toLowerCase()
      .includes(q.trim().toLowerCase());
  const toggle = (id: string) =>
    choose(chosen.includes(id) ? chosen.filter((x) => x !== id) : [...chosen, id]);
  return (
    <section class="camera-list" aria-label={t('list')}>
      <input
        type="search"
        class="input"
        placeholder={t('search')}
        aria-label={t('search')}
        value={q}
        onInput={(e) => setQ(e.currentTarget.value)}
      />
      <ul class="plain">
        {cameras.value.filter(fits).map((c) => (
          <Row key={c.id} c={c} chosen={chosen.includes(c.id)} toggle={() => toggle(c.id)} />
        ))}
      </ul>
      <p class="hint">{t('most')}</p>
    </section>
  );
}

function Choices({ choose }: { choose: (ids: string[]) => void }) {
  const [place, setPlace] = useState('');
  const [error, setError] = useState('');
  const worst = live.alarms.unacked.value[0];
  const near = (query: { place?: string; point?: string }) => {
    setError('');
    nearest(query).then(
      (list) => choose(list.map((c) => c.id)),
      () => setError(t('near.none')),
    );
  };
  const places = [...new Set(cameras.value.map((c) => c.place))];
  return (
    <div class="row wrap">
      <select
        class="input"
        aria-label={t('by.place')}
        value={place}
        onChange={(e) => {
          setPlace(e.currentTarget.value);
          if (e.currentTarget.value) near({ place: e.currentTarget.value });
        }}
      >
        <option value="">{t('by.place')}</option>
        {places.map((p) => (
          <option key={p} value={p}>
            {site.value.placeName(p)}
          </option>
        ))}
      </select>
      <button
        type="button"
        class="btn"
        disabled={!worst}
        onClick={() => worst && near({ point: worst.point })}
      >
        {t('by.alarm')}
      </button>
      {error && <span role="alert">{error}</span>}
    </div>
  );
}

function useKeys(
  chosen: string[],
  choose: (ids: string[]) => void,
  big: string | undefined,
  setBig: (id: string | undefined) => void,
) {
  for (let n = 1; n <= MOST; n++) {
    useKey(
      String(n),
      () => t('key.big', { n }),
      () => setBig(big === chosen[n - 1] ? undefined : chosen[n - 1]),
    );
  }
  useKey(
    'Delete',
    () => t('key.close'),
    () => choose(big ? chosen.filter((c) => c !== big) : chosen.slice(0, -1)),
  );
}

export default function CamerasScreen() {
  const [chosen, choose] = useChosen();
  const [big, setBig] = useState<string>();
  useEffect(() => {
    void refresh();
    const timer = setInterval(() => void refresh(), ASK_MS);
    return () => clearInterval(timer);
  }, []);
  useKeys(chosen, choose, big, setBig);
  const by = new Map(cameras.value.map((c) => [c.id, c]));
  const list = chosen.flatMap((id) => by.get(id) ?? []);
  const shown = big && chosen.includes(big) ? big : undefined;
  return (
    <div class="desk cameras">
      <div class="desk-head">
        <h1>{t('title')}</h1>
        <span class="grow" />
        <button
          type="button"
          class="btn"
          onClick={() => go(['camera-wall'], { c: chosen.join(',') })}
        >
          {t('wall')}
        </button>
      </div>
      <div class="desk-bar">
        <Choices choose={choose} />
      </div>
      <div class="desk-body cameras-body">
        <List chosen={chosen} choose={choose} />
        {list.length ? (
          <Tiles
            list={list}
            big={shown}
            numbered
            onPick={(id) => setBig(id === shown ? undefined : id)}
            onClose={(id) => choose(chosen.filter((c) => c !== id))}
          />
        ) : (
          <p class="hint camera-none">{t('none')}</p>
        )}
      </div>
    </div>
  );
}
