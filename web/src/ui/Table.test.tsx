// SPDX-License-Identifier: Apache-2.0
import { render } from 'preact';
import { act } from 'preact/test-utils';
import { afterEach, describe, expect, it } from 'vitest';
import { Table } from './Table';

const host = document.createElement('div');
document.body.append(host);
afterEach(() => render(null, host));

const rows = Array.from({ length: 10_000 }, (_, i) => ({ id: i, name: `row ${i}` }));

function draw(onSelect: (keys: Set<string | number>) => void = () => {}) {
  act(() => {
    render(
      <Table
        label="rows"
        rows={rows}
        rowKey={(r) => r.id}
        onSelect={(k) => onSelect(k)}
        columns={[{ id: 'n', title: 'Name', cell: (r) => r.name, sort: (a, b) => a.id - b.id }]}
      />,
      host,
    );
  });
  return host.querySelector('table')!;
}

describe('table', () => {
  it('keeps few of ten thousand rows in the document and says how many there are', () => {
    const t = draw();
    expect(t.getAttribute('aria-rowcount')).toBe('10001');
    expect(t.querySelectorAll('tbody tr').length).toBeLessThan(50);
  });

  it('moves by arrows and extends with Shift', () => {
    let keys: (string | number)[] = [];
    const t = draw((k) => {
      keys = [...k];
    });
    const press = (key: string, shiftKey = false) =>
      act(() => {
        t.dispatchEvent(
          new KeyboardEvent('keydown', { key, shiftKey, bubbles: true, cancelable: true }),
        );
      });
    press('ArrowDown');
    expect(keys).toEqual([0]);
    press('ArrowDown', true);
    press('ArrowDown', true);
    expect(keys).toEqual([0, 1, 2]);
    press('End');
    expect(keys).toEqual([9999]);
  });

  it('sorts by its heading, down at the second click', () => {
    const t = draw();
    const b = t.querySelector('th button') as HTMLButtonElement;
    act(() => b.click());
    act(() => b.click());
    expect(t.querySelector('tbody td')!.textContent).toBe('row 9999');
    expect(t.querySelector('th')!.getAttribute('aria-sort')).toBe('descending');
  });
});
