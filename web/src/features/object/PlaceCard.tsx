// SPDX-License-Identifier: Apache-2.0
import { site } from '../../api/site';
import { world } from '../../api/world';
import { nameOf } from '../../app/i18n';
import { alarm, place, point, select, type Target } from '../../app/selection';
import { AlarmTag } from '../../ui/Tag';
import { Value } from '../../ui/Value';
import { CardActions, CardHead, CardSections } from './CardHead';
import { NoteButton } from './Dialogs';
import { t } from './texts';

const MAX = 60;

export default function PlaceCard({ target }: { target: Target }) {
  const s = site.value;
  const p = s.places.get(target.id);
  if (!p) return <p class="pad">{t('unknown', { id: target.id })}</p>;
  const inside = s.below(p.id);
  const points = s.points.filter((x) => inside.has(x.place));
  const alarms = world.value.alarms.active.value.filter((a) => inside.has(a.place));
  const children = s.childrenOf(p.id);
  return (
    <article class="object">
      <CardHead title={nameOf(p)} sub={`${p.id} · ${p.kind}`} />
      <CardActions target={target}>
        <NoteButton target={target} />
      </CardActions>
      <section>
        <h3>
          {t('alarms')} {alarms.length || t('none')}
        </h3>
        <ul>
          {alarms.slice(0, 12).map((a) => (
            <li key={a.id}>
              <button type="button" class="object-line" onClick={() => select(alarm(a.id))}>
                <AlarmTag alarm={a} />
                <span class="grow">{s.alarmName(a)}</span>
              </button>
            </li>
          ))}
        </ul>
      </section>
      <section>
        <h3>{t('points', { n: points.length })}</h3>
        <ul>
          {points.slice(0, MAX).map((x) => (
            <li key={x.id}>
              <button type="button" class="object-line" onClick={() => select(point(x.id))}>
                <span class="grow ellipsis">{nameOf(x)}</span>
                <Value point={x} />
              </button>
            </li>
          ))}
        </ul>
      </section>
      {children.length > 0 && (
        <section>
          <h3>{t('below')}</h3>
          <p>
            {children.map((c) => (
              <button key={c} type="button" class="btn plain" onClick={() => select(place(c))}>
                {s.placeName(c)}
              </button>
            ))}
          </p>
        </section>
      )}
      {!!p.air_to?.length && (
        <section>
          <h3>{t('air')}</h3>
          <p>
            {p.air_to.map((c) => (
              <button key={c} type="button" class="btn plain" onClick={() => select(place(c))}>
                → {s.placeName(c)}
              </button>
            ))}
          </p>
        </section>
      )}
      <CardSections target={target} />
    </article>
  );
}
