// SPDX-License-Identifier: Apache-2.0
// Answers of the fixture for the engineers' and administrators' screens. Return undefined for what
// is not known here.
//   ctx: { who, points, events, site, limits, rules, valueAt }
export async function extra(method, path, q, _body, ctx) {
  if (method === 'GET' && path === '/events') {
    const limit = Number(q.get('limit') ?? 100);
    return { items: ctx.events.slice(0, limit), next: null };
  }
  return undefined;
}
