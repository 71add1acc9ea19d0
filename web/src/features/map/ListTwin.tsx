// SPDX-License-Identifier: Apache-2.0
/** The map as a list: the same filter, sorted by severity, usable by keys and screen readers. */
import { useMemo } from 'preact/hooks';
import { codeIsBad, Q_NEVER } from '../../api/points';
import { site } from '../../api/site';
import { world } from '../../api/world';
import { nameOf } from '../../app/i18n';
import { point, select, selectedPoint } from '../../app/selection';
import type { Item } from '../../map/items';
import type { MapView } from '../../map/view';
import { Table } from '../../ui/Table';
import { AlarmTag } from '../../ui/Tag';
import { Value } from '../../ui/Value';
import { boxed, filter, listOpen } from './state';
import { t } from './texts';

function severity(item: Item): number {
  const w = world.value;
  const a = w.alarms.worstOfPoint.value.get(item.point!.id);
  if (a) return a.priority;
  const q = w.points.q[item.point!.i] ?? Q_NEVER;
  // what a person may set and nobody has is no fault
  return codeIsBad(q) && (q !== Q_NEVER || item.point!.link) ? 5 : 6;
}

function listed(items: readonly Item[]): Item[] {
  const { hidden, onlyAbnormal } = filter.value;
  const box = boxed.value;
  const out: [number, Item][] = [];
  for (const item of items) {
    if (!item.point) continue;
    if (box && (item.x < box[0] || item.x > box[2] || item.y < box[1] || item.y > box[3])) continue;
    const s = severity(item);
    if (s > 4 && (hidden.has(item.group) || (onlyAbnormal && s > 5))) continue;
    out.push([s, item]);
  }
  return out.sort((a, b) => a[0] - b[0] || (a[1].id < b[1].id ? -1 : 1)).map((x) => x[1]);
}

export function ListTwin({ view }: { view: MapView }) {
  const w = world.value;
  // sorted anew when an alarm, the filter or a second changes, not with each value
  const rows = useMemo(
    () => listed(view.items.value),
    [
      view.items.value,
      filter.value,
      boxed.value,
      w,
      w.alarms.worstOfPoint.value,
      Math.floor(w.points.tick.value / 4),
    ],
  );
  if (!listOpen.value) {
    return (
      <button
        type="button"
        class="btn list-open"
        aria-expanded="false"
        onClick={() => (listOpen.value = true)}
      >
        {t('list', { n: rows.length })} ▴
      </button>
    );
  }
  return (
    <section class="list-twin panel" aria-label={t('list', { n: rows.length })}>
      <header class="row">
        <b class="grow">
          {boxed.value ? t('list.box', { n: rows.length }) : t('list', { n: rows.length })}
        </b>
        {boxed.value && (
          <button type="button" class="btn plain" onClick={() => (boxed.value = null)}>
            {t('list.box.clear')}
          </button>
        )}
        <button
          type="button"
          class="btn plain"
          aria-expanded="true"
          aria-label={t('list.close')}
          onClick={() => (listOpen.value = false)}
        >
          ▾
        </button>
      </header>
      <Table
        label={t('list', { n: rows.length })}
        rows={rows}
        rowKey={(r) => r.point!.id}
        selected={new Set(selectedPoint.value ? [selectedPoint.value.id] : [])}
        onSelect={(_, lead) => select(point(lead.point!.id))}
        onOpen={(r) => view.fly([r.x, r.y], 1500)}
        columns={[
          {
            id: 'point',
            title: t('col.point'),
            cell: (r) => {
              const a = w.alarms.worstOfPoint.value.get(r.point!.id);
              return (
                <>
                  {a && <AlarmTag alarm={a} />}{' '}
                  <span class="hint">{site.value.shortOf(r.point!)}</span> {nameOf(r.point)}
                </>
              );
            },
          },
          {
            id: 'value',
            title: t('col.value'),
            width: '8rem',
            num: true,
            cell: (r) => <Value point={r.point!} />,
          },
        ]}
      />
    </section>
  );
}
