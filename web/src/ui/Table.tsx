// SPDX-License-Identifier: Apache-2.0
/**
 * A real table of which only the rows in sight (and a few around) are in the document.
 * Up/Down/Home/End/PageUp/PageDown move, Shift extends, Enter opens; the moving is in `selected`,
 * which the owner keeps, so that a selection survives new rows. A row that is not there yet
 * (`undefined`) has its place; `onRange` says which are in sight.
 */
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { t } from './texts';

export interface Column<R> {
  id: string;
  title: ComponentChildren;
  /** CSS width; one column without it takes the rest. */
  width?: string;
  num?: boolean;
  cell: (row: R) => ComponentChildren;
  /** Makes the heading a button. */
  sort?: (a: R, b: R) => number;
}

interface TableProps<R> {
  label: string;
  columns: readonly Column<R>[];
  rows: readonly (R | undefined)[];
  rowKey: (row: R) => string | number;
  selected?: ReadonlySet<string | number>;
  onSelect?: (keys: Set<string | number>, lead: R) => void;
  onOpen?: (row: R) => void;
  rowClass?: (row: R) => string;
  /** Pointer or focus inside: owners hold back re-ordering. */
  onBusy?: (busy: boolean) => void;
  onEnd?: () => void;
  onRange?: (first: number, last: number) => void;
  empty?: ComponentChildren;
}

const AROUND = 6;
const DEFAULT_ROW = 26;

/** What a cell cuts off is told when the pointer rests on it. */
function tellWhole(e: MouseEvent) {
  const cell = (e.target as Element).closest?.('th, td');
  if (!(cell instanceof HTMLElement)) return;
  if (cell.scrollWidth > cell.clientWidth) cell.title = cell.textContent;
  else cell.removeAttribute('title');
}

export function Table<R>(props: TableProps<R>) {
  const { columns, rowKey, label } = props;
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 600, row: DEFAULT_ROW });
  const [order, setOrder] = useState<{ id: string; down: boolean } | null>(null);
  const lead = useRef<string | number | null>(null);
  const anchor = useRef<string | number | null>(null);
  // where the keyboard went to a row that was not there yet; taken when it comes
  const waiting = useRef<number | null>(null);

  const sorter = order && columns.find((c) => c.id === order.id)?.sort;
  const rows = sorter
    ? [...props.rows].sort((a, b) => (a && b ? (order.down ? -1 : 1) * sorter(a, b) : 0))
    : props.rows;

  useLayoutEffect(() => {
    const el = box.current!;
    const measure = () =>
      setView((v) => {
        const row = el.querySelector('th')?.getBoundingClientRect().height || v.row;
        return { top: el.scrollTop, height: el.clientHeight || v.height, row };
      });
    measure();
    el.addEventListener('mouseover', tellWhole);
    if (typeof ResizeObserver === 'undefined') return undefined;
    const ro = new ResizeObserver(measure);
    ro.observe(el);
    return () => ro.disconnect();
  }, []);

  // fewer rows than before: those at the end are in sight, wherever one had scrolled to
  const most = Math.max(0, rows.length * view.row - view.height + view.row);
  const first = Math.max(0, Math.floor(Math.min(view.top, most) / view.row) - AROUND);
  const last = Math.min(rows.length, Math.ceil((view.top + view.height) / view.row) + AROUND);

  const fixed = columns.map((c) => c.width).filter((w) => w !== undefined);
  const minWidth = fixed.length > 3 ? `calc(${fixed.join(' + ')} + 12rem)` : '0';

  const near = props.onEnd && last >= rows.length && rows.length > 0;
  useEffect(() => {
    if (near) props.onEnd?.();
  }, [near, rows.length]);

  useEffect(() => {
    props.onRange?.(first, last);
  }, [first, last, rows.length]);
  const came = waiting.current !== null && rows[waiting.current] !== undefined;
  useEffect(() => {
    if (came && waiting.current !== null) choose(waiting.current, false, false);
  }, [came]);
  const indexOf = (key: string | number | null) =>
    key === null ? -1 : rows.findIndex((r) => r !== undefined && rowKey(r) === key);

  function choose(index: number, extend: boolean, toggle: boolean) {
    const row = rows[index];
    waiting.current = row || index < 0 || index >= rows.length ? null : index;
    if (!row || !props.onSelect) return;
    const key = rowKey(row);
    let keys = new Set<string | number>([key]);
    if (extend && anchor.current !== null) {
      const from = indexOf(anchor.current);
      if (from >= 0) {
        const [a, b] = from < index ? [from, index] : [index, from];
        keys = new Set(rows.slice(a, b + 1).flatMap((r) => (r === undefined ? [] : rowKey(r))));
      }
    } else if (toggle) {
      keys = new Set(props.selected);
      if (keys.has(key)) keys.delete(key);
      else keys.add(key);
      anchor.current = key;
    } else {
      anchor.current = key;
    }
    lead.current = key;
    props.onSelect(keys, row);
  }

  function reveal(index: number) {
    const el = box.current!;
    const y = index * view.row;
    if (y < el.scrollTop) el.scrollTop = y;
    else if (y + 2 * view.row > el.scrollTop + el.clientHeight) {
      el.scrollTop = y + 2 * view.row - el.clientHeight;
    }
  }

  function onKeyDown(e: KeyboardEvent) {
    if (e.target instanceof HTMLButtonElement || e.isComposing) return;
    const at = waiting.current ?? indexOf(lead.current);
    const page = Math.max(1, Math.floor(view.height / view.row) - 2);
    const moves: Record<string, number> = {
      ArrowDown: at + 1,
      ArrowUp: at < 0 ? 0 : at - 1,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: rows.length - 1,
    };
    const to = moves[e.key];
    if (to !== undefined && !e.ctrlKey && !e.altKey) {
      e.preventDefault();
      const index = Math.min(rows.length - 1, Math.max(0, to));
      choose(index, e.shiftKey, false);
      reveal(index);
    } else if (e.key === 'Enter' && at >= 0 && props.onOpen) {
      e.preventDefault();
      if (rows[at]) props.onOpen(rows[at]);
    }
  }

  return (
    <div
      ref={box}
      class="vtable"
      onScroll={(e) => {
        const el = e.currentTarget;
        setView((v) => ({ ...v, top: el.scrollTop, height: el.clientHeight }));
      }}
      onMouseEnter={() => props.onBusy?.(true)}
      onMouseLeave={() => props.onBusy?.(box.current?.contains(document.activeElement) === true)}
      onFocusIn={() => props.onBusy?.(true)}
      onFocusOut={(e) => {
        if (!box.current?.contains(e.relatedTarget as Node | null)) props.onBusy?.(false);
      }}
    >
      <table
        style={{ minWidth }}
        aria-label={label}
        aria-rowcount={rows.length + 1}
        role="grid"
        tabIndex={0}
        aria-multiselectable="true"
        onKeyDown={onKeyDown}
      >
        <colgroup>
          {columns.map((c) => (
            <col key={c.id} style={c.width ? { width: c.width } : {}} />
          ))}
        </colgroup>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map((c) => (
              <th
                key={c.id}
                scope="col"
                class={c.num ? 'num' : ''}
                aria-sort={
                  order?.id === c.id ? (order.down ? 'descending' : 'ascending') : undefined
                }
              >
                {c.sort ? (
                  <button
                    type="button"
                    onClick={() =>
                      setOrder((o) =>
                        o?.id !== c.id
                          ? { id: c.id, down: false }
                          : o.down
                            ? null
                            : { id: c.id, down: true },
                      )
                    }
                  >
                    {c.title}
                    {order?.id === c.id ? (order.down ? ' ▾' : ' ▴') : ''}
                  </button>
                ) : (
                  c.title
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {first > 0 && (
            <tr class="spacer" aria-hidden="true" style={{ height: `${first * view.row}px` }}>
              <td colSpan={columns.length} />
            </tr>
          )}
          {Array.from({ length: Math.max(0, last - first) }, (_, i) => {
            const r = rows[first + i]; // not by map(): that passes over rows that are not there yet
            if (r === undefined)
              return (
                <tr key={`at ${first + i}`} aria-rowindex={first + i + 2} aria-busy="true">
                  <td class="hint" colSpan={columns.length}>
                    …
                  </td>
                </tr>
              );
            const key = rowKey(r);
            return (
              <tr
                key={key}
                aria-rowindex={first + i + 2}
                aria-selected={props.onSelect ? props.selected?.has(key) === true : undefined}
                class={props.rowClass?.(r) ?? ''}
                onClick={(e) => choose(first + i, e.shiftKey, e.ctrlKey || e.metaKey)}
                onDblClick={() => props.onOpen?.(r)}
              >
                {columns.map((c) => (
                  <td key={c.id} class={c.num ? 'num' : ''}>
                    {c.cell(r)}
                  </td>
                ))}
              </tr>
            );
          })}
          {last < rows.length && (
            <tr
              class="spacer"
              aria-hidden="true"
              style={{ height: `${(rows.length - last) * view.row}px` }}
            >
              <td colSpan={columns.length} />
            </tr>
          )}
        </tbody>
      </table>
      {rows.length === 0 && <p class="empty">{props.empty ?? t('empty')}</p>}
    </div>
  );
}
