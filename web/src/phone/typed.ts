// SPDX-License-Identifier: Apache-2.0
/** What is being typed, kept on the phone at once: a page that is closed comes back with it. */
import { useEffect, useRef, useState } from 'preact/hooks';
import * as db from './db';

const WAIT_MS = 150;

/** Like useState, under a name; undefined until it has been read. `done` forgets it. */
export function useTyped<V>(name: string, start: V): [V | undefined, (v: V) => void, () => void] {
  const key = `typed:${name}`;
  const [value, setValue] = useState<V | undefined>(undefined);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const over = useRef(false);
  const latest = useRef<V | undefined>(undefined);
  useEffect(() => {
    let gone = false;
    db.get<V>('kv', key).then(
      (v) => !gone && setValue(v ?? start),
      () => !gone && setValue(start),
    );
    const flush = () => {
      if (latest.current !== undefined && !over.current) void db.put('kv', latest.current, key);
    };
    addEventListener('pagehide', flush);
    return () => {
      gone = true;
      removeEventListener('pagehide', flush);
      clearTimeout(timer.current);
      flush();
    };
  }, [key]);
  return [
    value,
    (v) => {
      setValue(v);
      latest.current = v;
      over.current = false;
      clearTimeout(timer.current);
      timer.current = setTimeout(() => void db.put('kv', v, key), WAIT_MS);
    },
    () => {
      over.current = true;
      clearTimeout(timer.current);
      void db.remove('kv', key);
    },
  ];
}
