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

  it('shows the last rows when there are fewer than where one had scrolled to', () => {
    const table = draw();
    const box = host.querySelector('.vtable') as HTMLElement;
    Object.defineProperty(box, 'scrollTop', { value: 200_000, writable: true });
    act(() => void box.dispatchEvent(new Event('scroll')));
    expect(table.querySelector('tr[aria-rowindex]')).not.toBeNull();
    act(() => {
      render(
        <Table
          label="rows"
          rows={rows.slice(0, 40)}
          rowKey={(r) => r.id}
          columns={[{ id: 'n', title: 'Name', cell: (r) => r.name }]}
        />,
        host,
      );
    });
    expect(host.textContent).toContain('row 39');
  });

  it('keeps the place of rows that are not there yet and says which are in sight', () => {
    let seen: number[] = [];
    const some = new Array<{ id: number; name: string } | undefined>(1000);
    some[0] = { id: 7, name: 'first' };
    act(() => {
      render(
        <Table
          label="rows"
          rows={some}
          rowKey={(r) => r.id}
          onRange={(a, b) => {
            seen = [a, b];
          }}
          columns={[{ id: 'n', title: 'Name', cell: (r) => r.name }]}
        />,
        host,
      );
    });
    expect(host.querySelector('table')!.getAttribute('aria-rowcount')).toBe('1001');
    expect(host.querySelectorAll('tr[aria-busy]').length).toBeGreaterThan(5);
    expect([seen[0], seen[1]! < 60]).toEqual([0, true]);
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
