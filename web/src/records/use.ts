// SPDX-License-Identifier: Apache-2.0
/** Reading lists: one request when what is asked changes, again on demand and on events. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { api, type Query, url } from '../api/client';
import { live } from '../api/world';
import { errorText } from '../ui/Toast';

export interface Reading<V> {
  data: V | null;
  error: string;
  busy: boolean;
  again: () => void;
}

/** `path` null: nothing is asked. While a new answer is awaited the old one stays. */
export function useRead<V>(path: string | null, query: Query = {}): Reading<V> {
  const key = path === null ? '' : url(path, query);
  const [state, setState] = useState<{ key: string; data: V | null; error: string }>({
    key: '',
    data: null,
    error: '',
  });
  const [round, setRound] = useState(0);
  const [busy, setBusy] = useState(false);
  const latest = useRef(query);
  latest.current = query;
  useEffect(() => {
    if (path === null) return;
    let gone = false;
    setBusy(true);
    api.get<V>(path, latest.current).then(
      (data) => {
        if (gone) return;
        setState({ key, data, error: '' });
        setBusy(false);
      },
      (e: unknown) => {
        if (gone) return;
        setState((s) => ({ key, data: s.key === key ? s.data : null, error: errorText(e) }));
        setBusy(false);
      },
    );
    return () => {
      gone = true;
    };
  }, [key, round]);
  return { ...state, busy, again: () => setRound((n) => n + 1) };
}

/** Calls `f` when the stream tells one of these outcomes ("limit", "calibration" …). */
export function useHeard(types: readonly string[], f: (o: Record<string, unknown>) => void): void {
  const latest = useRef(f);
  latest.current = f;
  const key = types.join(' ');
  useEffect(() => {
    const off = key
      .split(' ')
      .map((type) => live.on(type, (o) => latest.current(o as Record<string, unknown>)));
    return () => {
      for (const g of off) g();
    };
  }, [key]);
}
