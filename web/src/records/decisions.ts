// SPDX-License-Identifier: Apache-2.0
/** The decisions about a point that more than one screen offers, as forms. */
import type { PointInfo } from '../api/model';
import { type Calibration, LIMIT_NAMES, type LimitChange, type LimitName } from '../api/records';
import { site } from '../api/site';
import { decimalsOf, num } from '../app/format';
import { toast } from '../ui/Toast';
import type { AskSpec } from './Ask';
import { limitName } from './Parts';
import { t } from './texts';

/** The value in force of each limit that the pack gives: the newest change, else the pack's. */
export function inForce(
  pack: Partial<Record<LimitName, number>>,
  changes: readonly LimitChange[],
  clause: Partial<Record<LimitName, number>> = {},
): { name: LimitName; value: number; pack: number; clause?: number; change?: LimitChange }[] {
  return LIMIT_NAMES.flatMap((name) => {
    const given = pack[name];
    if (typeof given !== 'number') return [];
    const change = changes.filter((c) => c.name === name && c.in_force).pop();
    const bound = clause[name];
    return [
      {
        name,
        value: change?.value ?? given,
        pack: given,
        ...(bound === undefined ? {} : { clause: bound }),
        ...(change ? { change } : {}),
      },
    ];
  });
}

const head = (id: string, what: string) => `${site.value.pointName(id)} · ${what}`;

export function propose(
  p: PointInfo,
  limits: ReturnType<typeof inForce>,
  name?: LimitName,
): AskSpec {
  const d = decimalsOf(p.resolution);
  const unit = site.value.unitOf(p);
  return {
    title: head(p.id, t('propose')),
    explain: t('propose.explain'),
    verb: 'limit.propose',
    fields: [
      {
        name: 'name',
        label: t('propose.name'),
        kind: 'choice',
        ...(name ? { start: name } : {}),
        options: limits.map((l) => ({
          id: l.name,
          title: `${limitName(l.name)} — ${
            l.clause === undefined
              ? t('propose.now', { value: num(l.value, d), pack: num(l.pack, d) })
              : t('propose.clause', { value: num(l.value, d), clause: num(l.clause, d) })
          } ${unit}`,
        })),
      },
      { name: 'value', label: `${t('propose.value')} (${unit})`, kind: 'number' },
      { name: 'reason', label: t('reason'), kind: 'area' },
    ],
    args: (v) => ({ point: p.id, ...v }),
    done: () => toast(t('proposed')),
  };
}

export function openCalibration(p: PointInfo): AskSpec {
  return {
    title: head(p.id, t('calibration.open')),
    explain: t('calibration.explain'),
    verb: 'calibration.open',
    fields: [
      { name: 'gas', label: t('calibration.gas'), hint: t('calibration.gas.hint') },
      minutes('30'),
    ],
    args: (v) => ({ point: p.id, ...v }),
  };
}

function minutes(start: string) {
  return {
    name: 'minutes',
    label: t('calibration.minutes'),
    kind: 'number' as const,
    start,
    min: '1',
    max: '120',
  };
}

export function extendCalibration(c: Calibration): AskSpec {
  return {
    title: head(c.point, t('calibration.extend')),
    explain: t('calibration.extend.explain'),
    verb: 'calibration.extend',
    fields: [minutes('15')],
    args: (v) => ({ record: c.id, ...v }),
  };
}

export function closeCalibration(c: Calibration): AskSpec {
  return {
    title: head(c.point, t('calibration.close')),
    verb: 'calibration.close',
    fields: [{ name: 'result', label: t('calibration.result'), kind: 'area' }],
    args: (v) => ({ record: c.id, ...v }),
  };
}

export function recordTest(point: string): AskSpec {
  return {
    title: head(point, t('test')),
    verb: 'test.record',
    fields: [
      {
        name: 'passed',
        label: t('test.passed'),
        kind: 'choice',
        options: [
          { id: 'yes', title: t('test.yes') },
          { id: 'no', title: t('test.no') },
        ],
      },
      { name: 'note', label: t('test.note'), kind: 'area', optional: true },
    ],
    args: (v) => ({ point, passed: v.passed === 'yes', note: v.note }),
  };
}

export function setManual(p: PointInfo): AskSpec {
  return {
    title: head(p.id, t('manual.set')),
    explain: t('manual.explain'),
    verb: 'manual.set',
    fields: [
      p.kind === 'switch'
        ? {
            name: 'value',
            label: t('manual.value', { unit: '0/1' }),
            kind: 'choice',
            options: [0, 1].map((v) => ({ id: String(v), title: site.value.word(p, v) })),
          }
        : {
            name: 'value',
            label: t('manual.value', { unit: site.value.unitOf(p) }),
            kind: 'number',
          },
      { name: 'reason', label: t('reason'), kind: 'area' },
    ],
    args: (v) => ({ point: p.id, value: Number(v.value), reason: v.reason }),
  };
}

export function clearManual(point: string): AskSpec {
  return {
    title: head(point, t('manual.clear')),
    verb: 'manual.clear',
    fields: [],
    args: () => ({ point }),
  };
}
