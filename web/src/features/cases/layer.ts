// SPDX-License-Identifier: Apache-2.0
import type OlMap from 'ol/Map';
import { api } from '../../api/client';
import { room } from '../../api/room';
import { createLayer } from '../../registers/layer';
import { type CaseList, casesOf, isOpen } from './state';

const registers = () => room.value.registers.filter((r) => r.workflow && r.map);

async function open(): Promise<ReadonlyMap<number, number | null>> {
  const list = casesOf(await api.get<CaseList>('/cases', { limit: 5000 }));
  return new Map(list.filter(isOpen).map((c) => [c.id, c.due ?? null]));
}

export const createCaseLayer = (map: OlMap) => createLayer(map, { registers, only: open });
