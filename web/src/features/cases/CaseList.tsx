// SPDX-License-Identifier: Apache-2.0
import { type Case, personName, registerOf, stateOf } from '../../api/room';
import { site } from '../../api/site';
import { pick } from '../../app/i18n';
import { go } from '../../app/router';
import { type Column, Table } from '../../ui/Table';
import { Due } from './Board';
import { isMine } from './state';
import { t } from './texts';

const text = (a: string | null | undefined, b: string | null | undefined) =>
  (a ?? '').localeCompare(b ?? '');

const columns = (): Column<Case>[] => [
  {
    id: 'label',
    title: t('label'),
    cell: (c) => (isMine(c) ? <b>{c.label || c.key}</b> : c.label || c.key),
    sort: (a, b) => text(a.label, b.label),
  },
  {
    id: 'register',
    title: t('register'),
    width: '8rem',
    cell: (c) => pick(registerOf(c.register)?.title),
  },
  {
    id: 'place',
    title: t('place'),
    width: '9rem',
    cell: (c) => site.value.placeName(c.place ?? undefined),
    sort: (a, b) => text(a.place, b.place),
  },
  {
    id: 'state',
    title: t('state'),
    width: '7rem',
    cell: (c) => pick(c.state_title) || pick(stateOf(registerOf(c.register), c.state)?.title),
    sort: (a, b) => text(a.state, b.state),
  },
  {
    id: 'owner',
    title: t('owner'),
    width: '7rem',
    cell: (c) => personName(c.owner) || '–',
    sort: (a, b) => text(a.owner, b.owner),
  },
  {
    id: 'due',
    title: t('due'),
    width: '9rem',
    cell: (c) => <Due c={c} />,
    sort: (a, b) => (a.due ?? Infinity) - (b.due ?? Infinity),
  },
];

interface Props {
  list: readonly Case[];
  chosen: Case | null;
  choose: (c: Case) => void;
}

export function CaseList({ list, chosen, choose }: Props) {
  return (
    <Table
      label={t('title')}
      columns={columns()}
      rows={list}
      rowKey={(c) => c.id}
      selected={chosen ? new Set([chosen.id]) : new Set()}
      onSelect={(_, c) => choose(c)}
      onOpen={(c) => go(['registers', c.register, String(c.id)])}
      empty={t('none')}
    />
  );
}
