// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import type { Health } from '../../api/records';
import { askThrough, type EventRow, figuresOf, merge, openAlarms, rateOf } from './state';

const link = (id: string, up: boolean, text = '') => ({ id, kind: 'mine', up, text });
const health = (node: string, links: ReturnType<typeof link>[]): Health =>
  ({
    links,
    shards: {
      node,
      nodes: [
        { node: 'r0', url: 'http://a', names: 2 },
        { node: 'r1', url: 'http://b', names: 1 },
      ],
      names: [
        { name: 'm1', node: 'r0' },
        { name: 'm2', node: 'r1' },
        { name: 'm3', node: '' },
      ],
    },
  }) as unknown as Health;
const event = (mine: string, seq: number, point: string, state: string): EventRow => ({
  id: seq,
  fields: { mine, seq, at: seq, type: 'alarm', subject: 'gas', point, change: '', state },
});

const here = health('r0', [
  link('m1', true, '1.5 kB/s'),
  link('m2', true, 'at r1'),
  link('m3', false),
]);
const there = health('r1', [
  link('m1', true, 'at r0'),
  link('m2', false, '0.0 kB/s'),
  link('m3', false),
]);

test('other nodes are asked once each, by one of their mines', () => {
  expect(askThrough(here)).toEqual([{ node: 'r1', mine: 'm2' }]);
  expect(askThrough({ links: [] } as unknown as Health)).toEqual([]);
});

test('a mine is as its own node sees it, silent ones first', () => {
  const rows = merge([
    { node: 'r0', health: here, events: [event('m1', 1, 'T1', 'unack')], error: '' },
    { node: 'r1', health: there, events: [], error: '' },
  ]);
  expect(rows.map((r) => [r.id, r.node, r.link?.up, r.here])).toEqual([
    ['m2', 'r1', false, false],
    ['m3', '', false, false],
    ['m1', 'r0', true, true],
  ]);
  expect(rows[2]!.alarms).toHaveLength(1);
  expect(rateOf(rows[2]!.link?.text)).toBe(1.5);
  expect(figuresOf('0.3 kB/s, record 4 s behind, 3 doubles, 2 gaps, 1 refused')).toMatchObject({
    behind: '4',
    refused: '1',
  });
});

test('of a node that does not answer nothing is taken for known', () => {
  const rows = merge([
    { node: 'r0', health: here, events: null, error: '' },
    { node: 'r1', health: null, events: null, error: 'gone' },
  ]);
  const m2 = rows.find((r) => r.id === 'm2')!;
  expect([m2.link, m2.alarms, m2.error]).toEqual([undefined, null, 'gone']);
});

test('an alarm that one node knows as raised and another one as ended is not open', () => {
  const all = [
    event('m', 5, 'T1', 'unack'),
    event('m', 9, 'T1', 'normal'),
    event('m', 7, 'T2', 'ack'),
  ];
  expect(openAlarms('m', all).map((e) => e.fields.point)).toEqual(['T2']);
  expect(openAlarms('m', [...all].reverse()).map((e) => e.fields.point)).toEqual(['T2']);
});
