// SPDX-License-Identifier: Apache-2.0
/** A list that is read on page by page; a new question begins it again, the old one stays till then. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { api, type Query, url } from '../../api/client';
import type { Item, Page } from '../../api/room';
import { errorText } from '../../ui/Toast';

export interface Listing {
  items: readonly Item[];
  total: number;
  /** There are more than `total`. */
  over: boolean;
  error: string;
  busy: boolean;
  more: () => void;
  again: () => void;
}

const LIMIT = 100;

export function useList(register: string, query: Query): Listing {
  const path = `/records/${register}`;
  const key = url(path, query);
  const [state, setState] = useState({
    items: [] as Item[],
    total: 0,
    over: false,
    error: '',
    next: '',
  });
  const [busy, setBusy] = useState(true);
  const [round, setRound] = useState(0);
  const mine = useRef(0);
  const latest = useRef(query);
  latest.current = query;

  function ask(cursor: string) {
    const now = ++mine.current;
    setBusy(true);
    api.get<Page<Item>>(path, { ...latest.current, limit: LIMIT, cursor }).then(
      (p) => {
        if (now !== mine.current) return;
        setState((s) => ({
          items: cursor ? [...s.items, ...p.items] : p.items,
          total: p.total,
          over: p.more ?? false,
          error: '',
          next: p.next ?? '',
        }));
        setBusy(false);
      },
      (e: unknown) => {
        if (now !== mine.current) return;
        setState((s) => ({ ...s, error: errorText(e) }));
        setBusy(false);
      },
    );
  }
  useEffect(() => {
    ask('');
    return () => {
      mine.current += 1;
    };
  }, [key, round]);
  return {
    ...state,
    busy,
    more: () => {
      if (!busy && state.next) ask(state.next);
    },
    again: () => setRound((n) => n + 1),
  };
}
