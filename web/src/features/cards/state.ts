// SPDX-License-Identifier: Apache-2.0
/** Which response card stands open, and how an alarm leads to its card. */
import { signal } from '@preact/signals';
import { api } from '../../api/client';
import type { AlarmDetail, Card, CardStep, RuleInfo } from '../../api/model';
import { pick } from '../../app/i18n';
import { toast, toastError } from '../../ui/Toast';
import { t } from './texts';

export const openCardId = signal<number | null>(null);

export async function respond(alarmId: number): Promise<void> {
  try {
    const a = await api.get<AlarmDetail>(`/alarms/${alarmId}`);
    if (a.card) openCardId.value = a.card.id;
    else toast(t('noCard'));
  } catch (e) {
    toastError(e);
  }
}

/**
 * The steps of a card: its own, else the written action of the rule cut at its numbers
 * ("①停止作业 ②撤人"), each done when an entry of the card names it.
 */
export function stepsOf(card: Card, rule: RuleInfo | undefined): CardStep[] {
  if (card.steps?.length) return card.steps;
  const parts = pick(rule?.action)
    .split(/[①-⑳]|(?:^|[；;。]\s*)\d+[.、)]|[；;]/)
    .map((s) => s.trim())
    .filter(Boolean);
  return parts.map((text, i) => {
    const id = String(i + 1);
    const done = card.entries?.find((e) => e.change === 'step' && e.step === id);
    return { id, text, done: done?.t ?? null, by: done?.by ?? '', note: done?.text ?? '' };
  });
}
