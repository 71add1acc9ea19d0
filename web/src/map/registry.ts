// SPDX-License-Identifier: Apache-2.0
/** Map layers that features add; types only, so that the shell does not load the map library. */
import type BaseLayer from 'ol/layer/Base';
import type OlMap from 'ol/Map';
import type { Text } from '../app/i18n';
import type { Entry } from '../app/registry';

export interface MapLayerDef extends Entry {
  title: () => string;
  /** Block of the layers panel it stands in. */
  group: 'base' | 'live' | 'records';
  /** Shown before anybody chose. */
  on?: boolean;
  legend?: () => Text | string;
  /** Makes the layer when it is first shown; a rejected promise is said in the panel. */
  create: (map: OlMap) => BaseLayer | Promise<BaseLayer>;
}
