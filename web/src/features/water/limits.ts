// SPDX-License-Identifier: Apache-2.0
/** What the water-inrush coefficient is judged by, as the register has it; read with the layer. */
import { signal } from '@preact/signals';
import { pick, type Text } from '../../app/i18n';
import { t } from './texts';

export interface Limit {
  value: number;
  title: Text;
  source: { verified: boolean };
}
export const limits = signal<Limit[]>([]);
/** Read, and there is no borehole that could be drawn. */
export const none = signal(false);

export function legend(): string {
  if (none.value) return t('none');
  const said = limits.value.map((l) =>
    t(l.source.verified ? 'limit' : 'limit.unverified', { what: pick(l.title), value: l.value }),
  );
  return said.length > 0
    ? `${t('legend')} ${t('bold', { limits: said.join(t('and')) })}`
    : t('legend');
}
