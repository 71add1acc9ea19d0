// SPDX-License-Identifier: Apache-2.0
/** What a forecast of the ground above a face has, without the map library. */
import type { Register } from '../../api/room';

export const QUANTITIES = ['sink', 'tilt', 'curvature', 'horizontal', 'strain'] as const;
export type Quantity = (typeof QUANTITIES)[number];

/** Does this register describe mined faces, with what a forecast of the ground above needs? */
export function hasSubsidence(r: Register): boolean {
  const ids = new Set(r.fields.map((f) => f.id));
  return ['depth', 'thickness', 'q', 'tan_beta', 'b', 'offset'].every((id) => ids.has(id));
}
