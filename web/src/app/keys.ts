// SPDX-License-Identifier: Apache-2.0
/**
 * Keys. One key or a chain ("g m"), with modifiers spelled "Shift+D", "Ctrl+P". The binding added
 * last wins, so a dialog may take a key while it is open. Silent while a field has the focus and
 * while an input method composes: pinyin typing must never acknowledge an alarm.
 */
import { useEffect, useRef } from 'preact/hooks';
import { keysOn } from './prefs';

export interface Binding {
  key: string;
  title: () => string;
  run: () => void;
  /** false: the key passes on to the binding below. */
  when?: () => boolean;
}

const bindings: Binding[] = [];
let pending = '';
let pendingAt = 0;
const CHAIN_MS = 1500;

export function bindKey(b: Binding): () => void {
  bindings.push(b);
  return () => {
    const i = bindings.indexOf(b);
    if (i >= 0) bindings.splice(i, 1);
  };
}

/** For the page of keys (`?`): what is bound now, the last binding of a key first. */
export function boundKeys(): { key: string; title: string }[] {
  const seen = new Set<string>();
  const out: { key: string; title: string }[] = [];
  for (const b of [...bindings].reverse()) {
    if (seen.has(b.key) || b.when?.() === false) continue;
    seen.add(b.key);
    out.push({ key: b.key, title: b.title() });
  }
  return out.sort((a, b) => a.key.localeCompare(b.key));
}

function names(e: KeyboardEvent): string[] {
  const key = e.key.length === 1 ? e.key.toLowerCase() : e.key;
  const name = key === ' ' ? 'Space' : key;
  const mods = `${e.ctrlKey || e.metaKey ? 'Ctrl+' : ''}${e.altKey ? 'Alt+' : ''}`;
  const letter = /^[a-z]$/.test(name);
  const out = [mods + name];
  if (letter) {
    out[0] = mods + name.toUpperCase();
    if (e.shiftKey) out.unshift(`${mods}Shift+${name.toUpperCase()}`);
  } else if (e.shiftKey && key.length > 1) {
    out.unshift(`${mods}Shift+${name}`);
  }
  return out;
}

function typing(e: KeyboardEvent): boolean {
  if (e.isComposing || e.keyCode === 229) return true;
  const el = e.target;
  if (!(el instanceof HTMLElement)) return false;
  if (
    el.isContentEditable ||
    el instanceof HTMLTextAreaElement ||
    el instanceof HTMLSelectElement
  ) {
    return true;
  }
  if ((e.key === ' ' || e.key === 'Enter') && el.closest('button, a, summary, [role=button]'))
    return true;
  return (
    el instanceof HTMLInputElement && !['checkbox', 'radio', 'button', 'range'].includes(el.type)
  );
}

function find(key: string): Binding | undefined {
  for (let i = bindings.length - 1; i >= 0; i--) {
    const b = bindings[i]!;
    if (b.key === key && b.when?.() !== false) return b;
  }
  return undefined;
}

function startsChain(key: string): boolean {
  return bindings.some((b) => b.key.startsWith(`${key} `));
}

export function onKeydown(e: KeyboardEvent): void {
  const plain = names(e);
  if (e.defaultPrevented || typing(e)) return;
  if (!keysOn.value && e.key !== 'Escape' && !e.ctrlKey) return;
  const chain = pending && e.timeStamp - pendingAt < CHAIN_MS ? pending : '';
  pending = '';
  for (const name of plain) {
    const hit = (chain && find(`${chain} ${name.toLowerCase()}`)) || (!chain && find(name));
    if (hit) {
      e.preventDefault();
      hit.run();
      return;
    }
  }
  const first = plain[plain.length - 1]!.toLowerCase();
  if (!chain && startsChain(first)) {
    pending = first;
    pendingAt = e.timeStamp;
  }
}

/** Binds a key while the component is mounted; the newest closure runs. */
export function useKey(key: string, title: () => string, run: () => void, on = true): void {
  const latest = useRef({ title, run });
  latest.current = { title, run };
  useEffect(() => {
    if (!on) return undefined;
    return bindKey({
      key,
      title: () => latest.current.title(),
      run: () => latest.current.run(),
    });
  }, [key, on]);
}
