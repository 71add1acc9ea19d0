// SPDX-License-Identifier: Apache-2.0
/** The pictures that float at the lower edge: they cover no alarm and take no focus. */
import { go } from '../../app/router';
import { dock } from './dock';
import { Tiles } from './Tiles';
import { t } from './texts';

export default function Dock() {
  const d = dock.value;
  if (!d) return null;
  return (
    <aside class="camera-dock" aria-label={t('dock')}>
      <header class="row">
        <b class="grow ellipsis">{d.title}</b>
        <button
          type="button"
          class="btn small"
          onClick={() => {
            go(['cameras'], { c: d.list.map((c) => c.id).join(',') });
            dock.value = null;
          }}
        >
          {t('dock.all')}
        </button>
        <button
          type="button"
          class="btn small"
          aria-label={t('dock.close')}
          onClick={() => {
            dock.value = null;
          }}
        >
          ✕
        </button>
      </header>
      <Tiles list={d.list} />
    </aside>
  );
}
