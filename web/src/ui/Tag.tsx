// SPDX-License-Identifier: Apache-2.0
/** Severity is never colour alone: shape, digit and word say it too (■1 ▲2 ●3 ◇4). */
import type { Alarm, AlarmState, Priority } from '../api/model';
import { t } from './texts';

const SHAPES: Record<string, string> = {
  1: 'M3 3H21V21H3Z',
  2: 'M12 2L23 21H1Z',
  3: 'M12 2A10 10 0 1 1 11.99 2Z',
  4: 'M12 1L23 12L12 23L1 12Z',
  fault: 'M12 2A10 10 0 1 1 11.99 2Z',
};
const BASELINE: Record<string, number> = { 1: 17, 2: 18.5, 3: 16.5, 4: 16.5, fault: 16.5 };

export type Severity = Priority | 'fault';

export const WORD = {
  1: 'p1',
  2: 'p2',
  3: 'p3',
  4: 'p4',
} as const;

export function priorityWord(p: Priority): string {
  return t(WORD[p]);
}

interface TagProps {
  severity: Severity;
  /** Write the word, or a text of its own, beside the shape. */
  text?: string | boolean;
  hollow?: boolean;
  blink?: boolean;
  /** Over, but nobody has acknowledged: the fill is pale. */
  pale?: boolean;
  /** What took the alarm out of sight: a clock for shelved, a bar for suppressed. */
  mark?: 'clock' | 'bar';
}

const MARKS = {
  clock: 'M18 13a5 5 0 1 1 -.01 0M18 15V18H20.5',
  bar: 'M2 22.5H22',
};

export function Tag({ severity, text, hollow, blink, pale, mark }: TagProps) {
  const glyph = severity === 'fault' ? '✕' : String(severity);
  const word = severity === 'fault' ? t('fault') : priorityWord(severity);
  const shown = text === true ? word : text || '';
  const cls = `tag p${severity}${hollow ? ' hollow' : ''}${blink ? ' blink' : ''}${pale ? ' pale' : ''}`;
  return (
    <span class={cls}>
      <svg
        viewBox="0 0 24 24"
        role="img"
        aria-label={shown === word ? undefined : word}
        aria-hidden={shown === word ? 'true' : undefined}
      >
        <path class="shape" d={SHAPES[severity]} />
        <text x="12" y={BASELINE[severity]}>
          {glyph}
        </text>
        {mark && <path class="tagmark" d={MARKS[mark]} />}
      </svg>
      {shown && <span>{shown}</span>}
    </span>
  );
}

export function AlarmTag({ alarm, text }: { alarm: Alarm; text?: string | boolean }) {
  const s = alarm.state;
  return (
    <Tag
      severity={alarm.priority}
      hollow={s === 'shelved' || s === 'suppressed' || s === 'oos' || s === 'normal'}
      pale={s === 'rtn'}
      blink={s === 'unack'}
      {...(s === 'shelved' ? { mark: 'clock' as const } : {})}
      {...(s === 'suppressed' || s === 'oos' ? { mark: 'bar' as const } : {})}
      {...(text === undefined ? {} : { text })}
    />
  );
}

const STATES: Record<AlarmState, Parameters<typeof t>[0]> = {
  unack: 'state.unack',
  ack: 'state.ack',
  rtn: 'state.rtn',
  normal: 'state.normal',
  shelved: 'state.shelved',
  suppressed: 'state.suppressed',
  oos: 'state.oos',
};

export function stateWord(s: AlarmState): string {
  return t(STATES[s]);
}
