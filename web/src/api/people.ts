// SPDX-License-Identifier: Apache-2.0
/** Whom a record may be given to, asked for once a register and place; the names serve every screen. */
import { signal } from '@preact/signals';
import type { Text } from '../app/i18n';
import { api } from './client';

export interface Person {
  user: string;
  name: string;
  /** Places that are theirs, by id. */
  units?: string[];
  roles?: Text[];
}

export interface People {
  items: Person[];
  /** Rights that may own a case: whoever holds one of them. */
  rights: string[];
}

const KEEP_MS = 5 * 60_000;
const names = signal<ReadonlyMap<string, string>>(new Map());
const kept = new Map<string, { at: number; answer: Promise<People> }>();

function know(list: readonly Person[]): void {
  if (list.every((p) => names.peek().get(p.user) === p.name)) return;
  names.value = new Map([...names.peek(), ...list.map((p) => [p.user, p.name] as const)]);
}

/** A person's name; the user's id until it is known. */
export const personName = (user: string | undefined | null) =>
  user ? names.value.get(user) || user : '';

async function ask(register: string, place: string): Promise<People> {
  const d = await api.get<Partial<People>>('/people', { register, place: place || null });
  const people = { items: d.items ?? [], rights: d.rights ?? [] };
  know(people.items);
  return people;
}

/** Asked again when it is some minutes old; what failed is asked again at once. */
export function peopleFor(register: string, place = ''): Promise<People> {
  const key = `${register} ${place}`;
  const old = kept.get(key);
  if (old && Date.now() - old.at < KEEP_MS) return old.answer;
  const answer = ask(register, place);
  kept.set(key, { at: Date.now(), answer });
  answer.catch(() => kept.get(key)?.answer === answer && kept.delete(key));
  return answer;
}

/** Fetches the names of a register's people, so that lists show them; no answer is no harm. */
export function learnNames(register: string): void {
  peopleFor(register).catch(() => undefined);
}

/** Those whom a page has kept for the time without a signal. */
export function putPeople(register: string, people: People): void {
  know(people.items);
  kept.set(`${register} `, { at: Date.now(), answer: Promise.resolve(people) });
}
