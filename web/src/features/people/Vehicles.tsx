// SPDX-License-Identifier: Apache-2.0
/** Vehicles and mobile instruments below: where, how fast, and what their detectors read there. */
import { site } from '../../api/site';
import { age, hms } from '../../app/format';
import { nameOf } from '../../app/i18n';
import { go } from '../../app/router';
import { flyTo, place } from '../../app/selection';
import { type Column, Table } from '../../ui/Table';
import { Value } from '../../ui/Value';
import { type People, placeName, type Vehicle, vehiclesInOrder } from './state';
import { t } from './texts';

const word = (kind: 'vkind' | 'vis', id: string) => t(`${kind}.${id}` as Parameters<typeof t>[0]);

function speedText(v: Vehicle): string {
  const limit = v.limit_km_h === undefined ? '' : ` / ${Math.round(v.limit_km_h)}`;
  return v.km_h === undefined ? `–${limit}` : `${v.km_h.toFixed(1)}${limit}`;
}

function Carried({ v }: { v: Vehicle }) {
  return (
    <span class="people-carried">
      {v.carries.map((id) => {
        const point = site.value.pointById.get(id);
        return (
          <span key={id}>
            {point ? nameOf(point) : id} {point && <Value point={point} withAge />}
          </span>
        );
      })}
    </span>
  );
}

function columns(now: number): Column<Vehicle>[] {
  return [
    { id: 'number', title: t('vcol.number'), width: '8rem', cell: (v) => v.number },
    {
      id: 'kind',
      title: t('col.kind'),
      width: '8rem',
      cell: (v) => (v.kind ? word('vkind', v.kind) : ''),
    },
    {
      id: 'place',
      title: t('col.place'),
      cell: (v) => (
        <button
          type="button"
          class="link"
          disabled={!v.place}
          onClick={() => {
            go(['map']);
            flyTo.value = place(v.place ?? '');
          }}
        >
          {placeName(v.place)}
        </button>
      ),
    },
    {
      id: 'error',
      title: t('col.error'),
      width: '5rem',
      num: true,
      cell: (v) => (v.error_m === undefined ? '' : `±${Math.round(v.error_m)}`),
    },
    { id: 'speed', title: t('vcol.speed'), width: '7rem', num: true, cell: speedText },
    {
      id: 'heard',
      title: t('col.heard'),
      width: '9rem',
      cell: (v) => `${hms(v.heard)} (${age(now - v.heard)})`,
    },
    {
      id: 'carries',
      title: t('vcol.carries'),
      width: '18rem',
      cell: (v) => <Carried v={v} />,
    },
    {
      id: 'state',
      title: t('col.state'),
      width: '10rem',
      cell: (v) => <b>{v.is.map((i) => word('vis', i)).join(' · ')}</b>,
    },
  ];
}

export function Vehicles({ p }: { p: People }) {
  const rows = vehiclesInOrder(p.vehicles ?? []);
  return (
    <section class="card people-list people-vehicles">
      <h2>
        {t('vehicles')} {rows.length}
      </h2>
      <Table label={t('vehicles')} columns={columns(p.at)} rows={rows} rowKey={(v) => v.card} />
    </section>
  );
}
