// SPDX-License-Identifier: Apache-2.0
/** What a person does on the phone: written down first, sent when there is a signal. */
import type { Fields, Record_, Register, Transition } from '../api/room';
import { pick } from '../app/i18n';
import type { keepPhoto } from './photo';
import { add, type Draft, newKey } from './queue';
import { caseKey, readQueue, who } from './state';
import { sync } from './sync';
import { t } from './texts';

export type Kept = Awaited<ReturnType<typeof keepPhoto>>;

const draft = (d: Pick<Draft, 'verb' | 'args' | 'label' | 'about'> & Partial<Draft>): Draft => ({
  key: newKey(),
  user: who.value?.user ?? '',
  ...d,
});

async function keep(list: Draft[]): Promise<void> {
  await add(list, Date.now());
  await readQueue();
  void sync();
}

function attachment(
  target: { record?: number; version?: number },
  about: string,
  field: string,
  p: Kept,
  name: string,
): Draft {
  const { hash, size, type, meta } = p;
  return draft({
    verb: 'record.attach',
    args: { ...target, field, sha256: hash, name: p.name, type, size, meta },
    label: t('did.photo', { name }),
    about,
  });
}

const aboutOf = (r: Record_) => caseKey(r.register ?? '', r.id);
const seen = (r: Record_) => ({ record: r.id, version: r.version });

export function saveFields(r: Record_, fields: Fields): Promise<void> {
  return keep([
    draft({
      verb: 'record.set',
      args: { ...seen(r), fields },
      label: t('did.set', { name: r.label || r.key }),
      about: aboutOf(r),
      base: r.fields,
    }),
  ]);
}

export interface MoveArgs {
  fields: Fields;
  note: string;
  to: string;
  photos: { field: string; photo: Kept }[];
}

export function makeMove(r: Record_, tr: Transition, m: MoveArgs): Promise<void> {
  const name = r.label || r.key;
  return keep([
    ...m.photos.map((p) => attachment(seen(r), aboutOf(r), p.field, p.photo, name)),
    draft({
      verb: 'record.move',
      args: {
        ...seen(r),
        transition: tr.id,
        ...(Object.keys(m.fields).length ? { fields: m.fields } : {}),
        ...(m.note ? { note: m.note } : {}),
        ...(m.to ? { to: m.to } : {}),
      },
      label: t('did.move', { title: pick(tr.title), name }),
      about: aboutOf(r),
      base: r.fields,
    }),
  ]);
}

export function addPhotos(r: Record_, field: string, photos: readonly Kept[]): Promise<void> {
  const name = r.label || r.key;
  return keep(photos.map((p) => attachment(seen(r), aboutOf(r), field, p, name)));
}

export function confirmReceipt(r: Record_): Promise<void> {
  return keep([
    draft({
      verb: 'record.receipt',
      args: { ...seen(r), note: t('receipt.note') },
      label: t('did.receipt', { name: r.label || r.key }),
      about: aboutOf(r),
    }),
  ]);
}

/** A new record with its photos; they follow it by its key until it has an id. */
export function report(
  r: Register,
  fields: Fields,
  photos: { field: string; photo: Kept }[],
  walk?: { field: string; walk: Kept },
): Promise<void> {
  const name = pick(r.title);
  const create = draft({
    verb: 'record.create',
    args: { register: r.id, fields },
    label: t('did.create', { name }),
    about: '',
  });
  create.about = `create:${create.key}`;
  return keep([
    create,
    ...photos.map((p) => attachment({}, `new:${create.key}`, p.field, p.photo, name)),
    ...(walk
      ? [
          {
            ...attachment({}, `new:${create.key}`, walk.field, walk.walk, name),
            label: t('did.walk', { name }),
          },
        ]
      : []),
  ]);
}
