// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bindKey, boundKeys, onKeydown } from './keys';
import { keysOn } from './prefs';

let hits: string[] = [];
let offs: (() => void)[] = [];
const bind = (key: string, when?: () => boolean) =>
  offs.push(
    bindKey({ key, title: () => key, run: () => hits.push(key), ...(when ? { when } : {}) }),
  );

function press(key: string, more: KeyboardEventInit = {}, target: EventTarget = document.body) {
  const e = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more });
  target.addEventListener('keydown', (x) => onKeydown(x as KeyboardEvent), { once: true });
  target.dispatchEvent(e);
}

beforeEach(() => {
  hits = [];
  keysOn.value = true;
  bind('K');
  bind('g m');
  bind('Shift+D');
  bind('D');
  bind('Escape');
  bind('?');
});

afterEach(() => {
  for (const f of offs) f();
  offs = [];
});

describe('keys', () => {
  it('run single keys whatever the case, and chains', () => {
    press('k');
    press('K', { shiftKey: true });
    press('g');
    press('m');
    press('?', { shiftKey: true });
    expect(hits).toEqual(['K', 'K', 'g m', '?']);
  });

  it('prefer the binding with Shift', () => {
    press('D', { shiftKey: true });
    press('d');
    expect(hits).toEqual(['Shift+D', 'D']);
  });

  it('are silent in fields and while an input method composes', () => {
    const input = document.createElement('input');
    document.body.append(input);
    press('k', {}, input);
    press('k', { isComposing: true });
    input.remove();
    expect(hits).toEqual([]);
  });

  it('can be switched off, but Escape stays', () => {
    keysOn.value = false;
    press('k');
    press('Escape');
    expect(hits).toEqual(['Escape']);
  });

  it('go to the binding added last whose condition holds', () => {
    let open = true;
    const off = bindKey({
      key: 'K',
      title: () => 'x',
      run: () => hits.push('top'),
      when: () => open,
    });
    press('k');
    open = false;
    press('k');
    off();
    expect(hits).toEqual(['top', 'K']);
    expect(boundKeys().filter((b) => b.key === 'K')).toHaveLength(1);
  });

  it('do not take a first key of a chain for long', () => {
    press('g');
    press('x');
    press('m');
    expect(hits).toEqual([]);
  });
});
