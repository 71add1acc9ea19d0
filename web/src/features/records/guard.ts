// SPDX-License-Identifier: Apache-2.0
/** Holds back a change of address while something typed is not yet saved, and asks. */
import { useEffect, useRef, useState } from 'preact/hooks';

export interface Guard {
  /** The address that somebody wants to go to; null: nobody does. */
  wanted: string | null;
  stay: () => void;
  leave: () => void;
  /** From now on nothing is held back: it has been saved. */
  done: () => void;
}

export function useGuard(dirty: boolean): Guard {
  const [wanted, setWanted] = useState<string | null>(null);
  const held = useRef(dirty);
  held.current = dirty;
  const free = useRef(false);
  const here = useRef(location.hash);
  useEffect(() => {
    const before = (e: BeforeUnloadEvent) => {
      if (held.current && !free.current) e.preventDefault();
    };
    const hash = (e: HashChangeEvent) => {
      if (!held.current || free.current || location.hash === here.current) return;
      e.stopImmediatePropagation();
      const to = location.hash;
      history.replaceState(null, '', here.current);
      setWanted(to);
    };
    addEventListener('beforeunload', before);
    addEventListener('hashchange', hash, true);
    return () => {
      removeEventListener('beforeunload', before);
      removeEventListener('hashchange', hash, true);
    };
  }, []);
  return {
    wanted,
    stay: () => setWanted(null),
    leave: () => {
      free.current = true;
      location.hash = wanted ?? '';
    },
    done: () => {
      free.current = true;
    },
  };
}
