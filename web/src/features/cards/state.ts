// SPDX-License-Identifier: Apache-2.0
/** Which response card stands open, and how an alarm leads to its card. */
import { signal } from '@preact/signals';
import { api } from '../../api/client';
import type { Card, RuleInfo } from '../../api/model';
import { pick } from '../../app/i18n';
import { toast, toastError } from '../../ui/Toast';
import { t } from './texts';

export const openCardId = signal<number | null>(null);

/** The card of an alarm, by the list of cards: an alarm that is over keeps its card. */
export async function respond(alarmId: number): Promise<void> {
  try {
    const card = (await api.all<Card>('/cards')).reverse().find((c) => c.alarm === alarmId);
    if (card) openCardId.value = card.id;
    else toast(t('noCard'));
  } catch (e) {
    toastError(e);
  }
}

export interface CardStep {
  id: string;
  text: string;
  done: number | null;
  by: string;
  note: string;
}

/**
 * The steps of a card: the written action of the rule cut at its numbers ("①停止作业 ②撤人"), each
 * done when an entry of the card names it. A step's text in Chinese is its name in the journal.
 */
export function stepsOf(card: Card, rule: RuleInfo | undefined): CardStep[] {
  const cut = (text: string) =>
    text
      .split(/[①-⑳]|(?:^|[；;。]\s*)\d+[.、)]|[；;。]/)
      .map((s) => s.trim())
      .filter(Boolean);
  const action = rule?.action;
  const names = cut(typeof action === 'string' ? action : (action?.zh ?? ''));
  const shown = cut(pick(action));
  return names.map((name, i) => {
    const done = card.log?.find((e) => e.change === 'step' && e.step === name);
    return {
      id: name,
      text: shown.length === names.length ? shown[i]! : name,
      done: done?.time ?? null,
      by: done?.by ?? '',
      note: done?.text ?? '',
    };
  });
}
