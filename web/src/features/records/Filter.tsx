// SPDX-License-Identifier: Apache-2.0
/** The conditions of a list: one line each, all must hold. */
import { useState } from 'preact/hooks';
import { type Clause, type Field, type Register, workflowOf } from '../../api/room';
import { pick } from '../../app/i18n';
import { readOne, toDraft } from '../../registers/draft';
import { FieldInput } from '../../registers/FieldInput';
import { withUnit } from '../../registers/value';
import { SelectField } from '../../ui/Field';
import { listable } from './state';
import { t } from './texts';

const own = (id: string, type: Field['type'], zh: string, en: string, more = {}): Field => ({
  id,
  type,
  title: { zh, en },
  ...more,
});

/** The declared fields and what every record has besides. */
export function filterFields(r: Register): Field[] {
  const w = workflowOf(r.workflow);
  return [
    ...r.fields
      .filter((f) => listable(f) && f.type !== 'geometry')
      .map((f) => ({ ...f, auto: false, may_write: true, required: false })),
    ...(w
      ? [
          own('_state', 'enum', '状态', 'State', { values: w.states }),
          own('_owner', 'person', '负责人', 'Owner'),
          own('_due', 'time', '期限', 'Due'),
        ]
      : []),
    own('_changed', 'time', '修改时间', 'Changed'),
  ];
}

export function opsOf(f: Field): string[] {
  switch (f.type) {
    case 'text':
    case 'text2':
      return ['has', '=', 'empty', 'filled'];
    case 'number':
    case 'money':
    case 'date':
    case 'computed':
      return ['>=', '<=', '=', 'empty', 'filled'];
    case 'time':
      return ['>=', '<=', 'empty', 'filled'];
    case 'bool':
      return ['='];
    default:
      return ['=', '!=', 'empty', 'filled'];
  }
}

const opOf = ([, op, v]: Clause) => (op === 'empty' && v === false ? 'filled' : op);
const bare = (op: string) => op === 'empty' || op === 'filled';
const opWord = (op: string) => t(`op.${op}` as Parameters<typeof t>[0]);

function clause(f: Field, op: string, value: unknown): Clause {
  return bare(op) ? [f.id, 'empty', op === 'empty'] : [f.id, op, value ?? null];
}

export function clauseText(r: Register, c: Clause): string {
  const f = filterFields(r).find((x) => x.id === c[0]);
  if (!f) return c[0];
  const op = opOf(c);
  return `${pick(f.title)} ${opWord(op)} ${bare(op) ? '' : withUnit(f, c[2])}`.trim();
}

interface LineProps {
  fields: readonly Field[];
  c: Clause;
  set: (c: Clause) => void;
  drop: () => void;
}

function Line({ fields, c, set, drop }: LineProps) {
  const f = fields.find((x) => x.id === c[0]) ?? fields[0]!;
  const op = opOf(c);
  const [typed, setTyped] = useState(toDraft([f], { [f.id]: c[2] })[f.id]);
  const type = f.type === 'computed' ? (f.as ?? 'number') : f.type;
  return (
    <div class="row wrap rr-line">
      <SelectField
        bare
        label={t('filter.field')}
        value={f.id}
        options={fields.map((x) => ({ id: x.id, title: pick(x.title) }))}
        onChange={(id) => {
          const next = fields.find((x) => x.id === id)!;
          set(clause(next, opsOf(next)[0]!, null));
        }}
      />
      <SelectField
        bare
        label={t('filter.op')}
        value={op}
        options={opsOf(f).map((x) => ({ id: x, title: opWord(x) }))}
        onChange={(x) => set(clause(f, x, c[2]))}
      />
      {!bare(op) && (
        <FieldInput
          f={{ ...f, type }}
          value={typed}
          set={(v) => {
            setTyped(v);
            const [value, error] = readOne({ ...f, type }, v);
            if (!error)
              set(clause(f, op, f.type === 'money' && value !== null ? Number(value) : value));
          }}
        />
      )}
      <button type="button" class="btn plain" aria-label={t('filter.drop')} onClick={drop}>
        ✕
      </button>
    </div>
  );
}

interface Props {
  r: Register;
  list: readonly Clause[];
  set: (list: Clause[]) => void;
}

export function Filter({ r, list, set }: Props) {
  const fields = filterFields(r);
  const shown = list.filter((c) => c[0] !== '_ended');
  const kept = list.filter((c) => c[0] === '_ended');
  const put = (next: Clause[]) => set([...next, ...kept]);
  return (
    <section class="panel rr-filter" aria-label={t('filter')}>
      {shown.map((c, i) => (
        <Line
          key={`${i}${c[0]}${opOf(c)}`}
          fields={fields}
          c={c}
          set={(x) => put(shown.map((y, k) => (k === i ? x : y)))}
          drop={() => put(shown.filter((_, k) => k !== i))}
        />
      ))}
      <button
        type="button"
        class="btn"
        onClick={() => put([...shown, clause(fields[0]!, opsOf(fields[0]!)[0]!, null)])}
      >
        {t('filter.add')}
      </button>
    </section>
  );
}

/** Conditions whose value is still open do not count. */
export const effective = (list: readonly Clause[]) =>
  list.filter(([f, op, v]) => f === '_ended' || op === 'empty' || (v !== null && v !== ''));
