// SPDX-License-Identifier: Apache-2.0
/** Scale bar with 1:n, and the pointer's coordinates in the site's grid: X north, Y east. */
import { site } from '../../api/site';
import { barLength, scaleOf } from '../../map/projection';
import type { MapView } from '../../map/view';
import { t } from './texts';

const BAR_PX = 140;

export function ReadOut({ view }: { view: MapView }) {
  const { resolution, center } = view.state.value;
  const at = view.pointer.value ?? center;
  const length = barLength(resolution, BAR_PX);
  const scale = scaleOf(resolution);
  const round = scale > 1000 ? Math.round(scale / 10) * 10 : Math.round(scale);
  return (
    <div class="readout">
      <span class="scalebar" style={{ width: `${length / resolution}px` }}>
        {length >= 1000 ? `${length / 1000} km` : `${length} m`}
      </span>
      <span title={t('scale')}>1:{round.toLocaleString('en-US').replaceAll(',', ' ')}</span>
      <span title={t('coords')}>
        X={at[1].toFixed(1)} Y={at[0].toFixed(1)}
      </span>
      <span class="hint">{site.value.site.crs?.name ?? ''}</span>
    </div>
  );
}
