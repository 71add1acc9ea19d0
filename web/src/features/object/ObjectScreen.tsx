// SPDX-License-Identifier: Apache-2.0
/** `#/o/<id>`: the card alone, for links and small screens. */
import { site } from '../../api/site';
import { route } from '../../app/router';
import { place, point } from '../../app/selection';
import PlaceCard from './PlaceCard';
import PointCard from './PointCard';
import { t } from './texts';

export default function ObjectScreen() {
  const id = route.value.parts[1] ?? '';
  const known = site.value.pointById.has(id) ? 'point' : site.value.places.has(id) ? 'place' : '';
  return (
    <div class="page">
      <h1 class="sr">{t('title')}</h1>
      <div class="panel object-alone">
        {known === 'point' && <PointCard target={point(id)} />}
        {known === 'place' && <PlaceCard target={place(id)} />}
        {!known && <p class="pad">{t('unknown', { id })}</p>}
      </div>
    </div>
  );
}
