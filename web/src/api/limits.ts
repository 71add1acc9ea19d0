// SPDX-License-Identifier: Apache-2.0
import type { LimitInfo, PointDetail } from './model';

/** The pack's values, with what persons changed since laid over them. */
export function limitsInForce(d: PointDetail | null): LimitInfo[] {
  const { source, ...rest } = d?.pack_limits ?? {};
  const values = Object.entries(rest as Record<string, unknown>).filter(
    (x): x is [string, number] => typeof x[1] === 'number',
  );
  return values.map(([name, value]) => {
    const change = d?.limits?.find((c) => c.name === name && c.in_force);
    return {
      name,
      value: change?.value ?? value,
      ...(source ? { source } : {}),
      ...(change ? { by: change.second ? `${change.by} + ${change.second}` : change.by } : {}),
    };
  });
}
