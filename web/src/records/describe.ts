// SPDX-License-Identifier: Apache-2.0
/** An event of the journal in words: what kind, about what, and the rest of its content. */
import type { JournalEvent } from '../api/records';
import { room } from '../api/room';
import { site } from '../api/site';
import { decimalsOf, num } from '../app/format';
import { lang, pick, texts } from '../app/i18n';
import en from './events.en.json';
import zh from './events.zh.json';

const t = texts(zh, en);
type Key = Parameters<typeof t>[0];

export const EVENT_TYPES = [
  'alarm',
  'command',
  'effect',
  'latch',
  'limit',
  'calibration',
  'test',
  'card',
  'tag',
  'handover',
  'note',
  'trust',
  'gap',
  'late',
  'drill',
  'person',
  'evacuation',
  'announce',
  'call',
  'broadcast',
  'recording',
  'climb',
  'mute',
  'incident',
  'sequence',
  'picture',
  'vehicle',
  'record',
  'airflow',
  'manual',
  'account',
  'request',
  'answer',
  'link',
  'site',
  'sealed',
] as const;

const word = (group: string, id: string) =>
  `${group}.${id}` in zh ? t(`${group}.${id}` as Key) : id;

export function typeOf(e: JournalEvent): string {
  return e.kind === 'outcome' ? String(e.body.type ?? 'outcome') : e.kind;
}

export function typeWord(type: string): string {
  return word('type', type);
}

/** The point or output that an event is about. */
export function subjectOf(e: JournalEvent): string | undefined {
  const b = e.body;
  const args = b.args as Record<string, unknown> | undefined;
  const id = b.point ?? b.output ?? args?.point ?? args?.output;
  return typeof id === 'string' ? id : undefined;
}

/** `rule:ID` is the title of that rule; a person stays as named. */
function nameBy(by: string): string {
  const rule = by.startsWith('rule:') ? site.value.rules.get(by.slice(5)) : undefined;
  return pick(rule?.title) || by;
}

/** Who did it: the person of a request, else who is named, else where it came from. */
export function byOf(e: JournalEvent): string {
  const b = e.body;
  if (e.kind === 'request') return e.origin;
  const by = [b.by, b.second].flatMap((x) => (typeof x === 'string' && x ? [nameBy(x)] : []));
  return by.join(' + ') || (e.kind === 'outcome' ? '' : e.origin);
}

function valueText(id: string | undefined, v: unknown): string {
  if (typeof v !== 'number') return '';
  const p = id ? site.value.pointById.get(id) : undefined;
  if (!p) return String(v);
  if (p.kind === 'output' || p.kind === 'switch') return site.value.word(p, v);
  return `${num(v, decimalsOf(p.resolution))} ${site.value.unitOf(p)}`;
}

const QUIET = new Set([
  'type',
  'point',
  'output',
  'place',
  'rule',
  'by',
  'second',
  'cause',
  'id',
  'key',
  'change',
  'state',
  'value',
  'before',
  'limit',
  'unit',
  'priority',
  'statutory',
  'category',
  'raised',
  'cleared',
  'acked',
  'first_out',
  'until',
  'protective',
  'expires',
  'name',
  'quality',
  'peak',
  'seconds',
  'console',
  'what',
  'link',
  'pack',
  'card',
  'recording',
  'kind',
]);

const registerTitle = (id: string) =>
  pick(room.value.registers.find((r) => r.id === id)?.title) || id;

/** Free texts of the event: reason, note, result, text … in the order in which they stand. */
function rest(b: Record<string, unknown>): string {
  return Object.entries(b)
    .filter(([k, v]) => !QUIET.has(k) && typeof v === 'string' && v !== '')
    .map(([k, v]) => (k === 'register' ? registerTitle(String(v)) : word('change', String(v))))
    .join(' · ');
}

function change(b: Record<string, unknown>): string {
  const c = String(b.change ?? b.state ?? b.what ?? '');
  return c ? word('change', c) : '';
}

function ruleText(e: JournalEvent): string {
  return (lang.value === 'zh' ? e.title : e.title_en || e.title) ?? String(e.body.rule ?? '');
}

/** Who (or which producer), what changed, and the roles now and before. */
function accountText(b: Record<string, unknown>): string[] {
  const list = (v: unknown) => (Array.isArray(v) ? v.map(String) : []);
  const roles = list(b.roles).join(', ');
  const before = list(b.before).join(', ');
  return [
    String(b.user ?? b.producer ?? ''),
    list(b.what)
      .map((w) => word('account', w))
      .join(' · '),
    b.before ? `${before || '–'} → ${roles || '–'}` : roles,
  ];
}

/** One line that tells what happened, without subject and person. */
export function describe(e: JournalEvent): string {
  const b = e.body;
  const id = subjectOf(e);
  const parts: string[] = [];
  if (e.kind === 'request') {
    const args = (b.args ?? {}) as Record<string, unknown>;
    const said = Object.entries(args)
      .filter(([k]) => k !== 'point' && k !== 'output')
      .map(([k, v]) =>
        k === 'value' ? valueText(id, v) : Array.isArray(v) ? `#${v.join(' #')}` : String(v),
      );
    return [word('verb', String(b.verb)), ...said].filter(Boolean).join(' · ');
  }
  switch (typeOf(e)) {
    case 'alarm':
      parts.push(ruleText(e), change(b), valueText(id, b.value));
      break;
    case 'command':
    case 'effect':
      parts.push(valueText(id, b.value), b.state ? word('command', String(b.state)) : '');
      if (b.protective) parts.push(t('protective'));
      if (Array.isArray(b.latched_by) && b.latched_by.length)
        parts.push(t('latched', { by: b.latched_by.join(', ') }));
      break;
    case 'limit':
      parts.push(
        change(b),
        word('limit', String(b.name)),
        `${valueText(id, b.before)} → ${valueText(id, b.value)}`,
      );
      break;
    case 'link':
      parts.push(String(b.link ?? e.origin), t(b.up ? 'up' : 'down'));
      break;
    case 'answer':
      parts.push(
        b.what ? word('command', String(b.what)) : change(b),
        b.command ? `#${b.command}` : '',
      );
      break;
    case 'incident': // of a step: which, how it stands, and the count or text of it
      parts.push(
        b.step ? word('step', String(b.step)) : change(b),
        b.state ? word('is', String(b.state)) : '',
        String(b.text ?? ''),
      );
      return parts.filter(Boolean).join(' · ');
    case 'account':
      return accountText(b).filter(Boolean).join(' · ');
    case 'site':
      parts.push(String(b.author ?? ''), String(b.why ?? ''));
      return parts.filter(Boolean).join(' · ');
    default:
      parts.push(change(b), valueText(id, b.value));
  }
  return [...parts, rest(b)].filter(Boolean).join(' · ');
}
