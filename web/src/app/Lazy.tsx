// SPDX-License-Identifier: Apache-2.0
/**
 * A component that is fetched when first shown. Each loader is asked once. It fails without a server
 * and after the program was renewed under an open screen; the page is opened anew by a person, since
 * it may hold what was typed.
 */
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { t } from './texts';

type Loader<P> = () => Promise<{ default: ComponentType<P> }>;
const loaded = new Map<unknown, ComponentType<never>>();

/** Fetches it before it is shown; a failure is told when somebody wants to see it. */
export async function preload(load: Loader<never>): Promise<void> {
  if (loaded.has(load)) return;
  const m = await load().catch(() => null);
  if (m) loaded.set(load, m.default);
}

export function Lazy<P extends object>({ load, props }: { load: Loader<P>; props: P }) {
  const [, redraw] = useState(0);
  const [error, setError] = useState('');
  const View = loaded.get(load) as ComponentType<P> | undefined;
  useEffect(() => {
    if (loaded.has(load)) return;
    let gone = false;
    load().then(
      (m) => {
        loaded.set(load, m.default as ComponentType<never>);
        if (!gone) redraw((n) => n + 1);
      },
      (e: unknown) => !gone && setError(e instanceof Error ? e.message : String(e)),
    );
    return () => {
      gone = true;
    };
  }, [load]);
  if (error)
    return (
      <div class="error pad" role="alert">
        <p>{t('loadFailed')}</p>
        <p class="hint">{error}</p>
        <button type="button" class="btn primary" onClick={() => location.reload()}>
          {t('loadAgain')}
        </button>
      </div>
    );
  return View ? <View {...props} /> : <p class="hint pad">…</p>;
}
