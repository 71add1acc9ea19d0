// SPDX-License-Identifier: Apache-2.0
/** Without HTTPS a phone keeps nothing, knows no place and makes no hash: what is missing and the way out. */
import { Trust } from './Trust';
import { t } from './texts';

/** What this page cannot do here; the worker is tried only where it could be there. */
export const lacking = () =>
  !isSecureContext || !('serviceWorker' in navigator) || !globalThis.crypto?.subtle;

export function Insecure() {
  return (
    <main class="ph-main pad stack">
      <h1>{t('insecure')}</h1>
      <p>{t('insecure.why', { at: location.host })}</p>
      <Trust worker={false} />
      <a class="btn" href="./">
        {t('me.desk')}
      </a>
    </main>
  );
}

/** The same for who asks for it: on the desk with a phone in the other hand, or from the phone's own page. */
export function TrustPage() {
  return (
    <main class="ph-main pad stack">
      <h1>{t('trust')}</h1>
      <p>{t('trust.why')}</p>
      <Trust worker={null} />
      <a class="btn" href="#/tasks">
        {t('trust.back')}
      </a>
    </main>
  );
}
