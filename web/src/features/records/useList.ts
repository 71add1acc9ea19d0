// SPDX-License-Identifier: Apache-2.0
/**
 * A list of any length as windows: what is in sight is fetched, what was seen stays. A new question
 * begins it again, the old one stays till then; after a change the rows in sight are asked for anew.
 */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { api, type Query, url } from '../../api/client';
import type { Item, Page } from '../../api/room';
import { errorText } from '../../ui/Toast';

export interface Listing {
  /** As many as there are; those that have not been seen are not there yet. */
  items: readonly (Item | undefined)[];
  total: number;
  /** There are more than `total`. */
  over: boolean;
  error: string;
  busy: boolean;
  /** These rows are in sight. */
  range: (first: number, last: number) => void;
  again: () => void;
}

const PAGE = 100;
/** While one scrolls, rows are asked for so often; and so many on either side of those in sight. */
const LOOK_MS = 80;
const AHEAD = 60;

interface Found {
  pages: Map<number, readonly Item[]>;
  total: number;
  over: boolean;
  /** Rows that are known to be there: of a cut-off count as far as one has looked. */
  length: number;
  error: string;
}
const EMPTY: Found = { pages: new Map(), total: 0, over: false, length: 0, error: '' };

/** What stands after a page has come; `fresh`: the first of a new question. */
export function withPage(s: Found, p: Page<Item>, n: number, fresh: boolean): Found {
  const pages = new Map(fresh ? [] : s.pages);
  pages.set(n, p.items);
  const end = n * PAGE + p.items.length;
  const length = p.more ? Math.max(p.total, end + (p.next ? PAGE : 0)) : p.total;
  return { pages, total: p.total, over: p.more ?? false, length, error: '' };
}

export function rowsOf(s: Found): (Item | undefined)[] {
  const rows = new Array<Item | undefined>(s.length);
  for (const [n, items] of s.pages)
    items.forEach((x, i) => {
      if (n * PAGE + i < s.length) rows[n * PAGE + i] = x;
    });
  return rows;
}

export function useList(register: string, query: Query): Listing {
  const path = `/records/${register}`;
  const key = url(path, query);
  const [state, setState] = useState<Found>(EMPTY);
  const [asked, setAsked] = useState(0);
  const round = useRef(0);
  const inSight = useRef<[number, number]>([0, 0]);
  const known = useRef(new Set<number>()); // pages that are there or on their way
  const begins = useRef(-1); // the round whose first page clears what stood before
  const timer = useRef(0);
  const looked = useRef(0);
  const latest = useRef(query);
  latest.current = query;

  function fetchPage(n: number) {
    const now = round.current;
    known.current.add(n);
    setAsked((x) => x + 1);
    api
      .get<Page<Item>>(path, { ...latest.current, limit: PAGE, offset: n ? n * PAGE : null })
      .then(
        (p) => {
          if (now !== round.current) return;
          const fresh = begins.current === now;
          begins.current = -1;
          setState((s) => withPage(s, p, n, fresh));
        },
        (e: unknown) => {
          if (now !== round.current) return;
          known.current.delete(n);
          setState((s) => ({ ...s, error: errorText(e) }));
        },
      )
      .finally(() => setAsked((x) => x - 1));
  }
  function look() {
    looked.current = Date.now();
    const [first, last] = inSight.current;
    const to = Math.floor(Math.max(first, last - 1) / PAGE);
    for (let n = Math.floor(first / PAGE); n <= to; n++) if (!known.current.has(n)) fetchPage(n);
  }
  useEffect(() => {
    round.current += 1;
    begins.current = round.current;
    inSight.current = [0, 0];
    known.current = new Set();
    look();
    return () => {
      round.current += 1;
      window.clearTimeout(timer.current);
    };
  }, [key]);
  const items = useMemo(() => rowsOf(state), [state]);
  return {
    items,
    total: state.total,
    over: state.over,
    error: state.error,
    busy: asked > 0,
    range: (first, last) => {
      inSight.current = [Math.max(0, first - AHEAD), Math.min(last + AHEAD, state.length)];
      window.clearTimeout(timer.current);
      const wait = looked.current + LOOK_MS - Date.now();
      if (wait <= 0) look();
      else timer.current = window.setTimeout(look, wait);
    },
    again: () => {
      round.current += 1;
      known.current = new Set();
      look();
    },
  };
}
