// SPDX-License-Identifier: Apache-2.0
/** Holds back a change of address while something typed is not yet saved, and asks. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { guards } from '../app/router';

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
  useEffect(() => {
    const before = (e: BeforeUnloadEvent) => {
      if (held.current && !free.current) e.preventDefault();
    };
    const guard = (to: string) => {
      if (!held.current || free.current) return true;
      setWanted(to);
      return false;
    };
    addEventListener('beforeunload', before);
    guards.add(guard);
    return () => {
      removeEventListener('beforeunload', before);
      guards.delete(guard);
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
