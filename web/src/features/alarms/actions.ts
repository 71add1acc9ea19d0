// SPDX-License-Identifier: Apache-2.0
/** What a person does with alarms. The server judges; its refusal is shown in its own words. */
import { signal } from '@preact/signals';
import { isUnacked } from '../../api/alarms';
import { request } from '../../api/client';
import type { Alarm } from '../../api/model';
import { site } from '../../api/site';
import { live } from '../../api/world';
import { alarmSelection, type Target } from '../../app/selection';
import { toast, toastError } from '../../ui/Toast';
import { t } from './texts';

/** Alarms that wait for a note in the dialog. */
export const noting = signal<readonly Alarm[]>([]);
export const shelving = signal<readonly Alarm[]>([]);
export const takingOut = signal<Alarm | null>(null);

/** The ticked alarms if the target is one of them, else the target alone. Always the live ones. */
export function chosen(target: Target): Alarm[] {
  const id = Number(target.id);
  const ids = alarmSelection.value.has(id) ? [...alarmSelection.value] : [id];
  return ids.map((i) => live.alarms.get(i)).filter((a): a is Alarm => a !== undefined);
}

export const needsNote = (a: Alarm) => site.value.rules.get(a.rule)?.note_required === true;

/** Acknowledges; asks for a note first where a rule demands one. */
export function acknowledge(alarms: readonly Alarm[], note?: string): void {
  const open = alarms.filter(isUnacked);
  if (open.length === 0) return;
  if (note === undefined && open.some(needsNote)) {
    noting.value = open;
    return;
  }
  request('alarm.ack', { alarms: open.map((a) => a.id), note: note ?? '' })
    .then(() => toast(t('ack.done', { n: open.length })))
    .catch(toastError);
}

export function shelve(
  alarms: readonly Alarm[],
  minutes: number,
  reason: string,
): Promise<unknown> {
  return request('alarm.shelve', { alarms: alarms.map((a) => a.id), minutes, reason });
}

export function unshelve(a: Alarm): void {
  request('alarm.unshelve', { alarms: [a.id] }).catch(toastError);
}

export function takeOut(a: Alarm, reason: string): Promise<unknown> {
  return request('alarm.oos', { point: a.point, rule: a.rule, reason });
}

export function returnToService(a: Alarm): void {
  request('alarm.return', { point: a.point, rule: a.rule, reason: '' }).catch(toastError);
}
