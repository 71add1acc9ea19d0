// SPDX-License-Identifier: Apache-2.0
/** Without HTTPS a phone keeps nothing, knows no place and makes no hash: what is missing and the way out. */
import { BASE } from '../api/client';
import { t } from './texts';

const CA = `${BASE}/certificate`;

export function missing(): string[] {
  const out: string[] = [];
  if (!isSecureContext || !('serviceWorker' in navigator)) out.push(t('lack.offline'));
  if (!isSecureContext) out.push(t('lack.place'));
  if (!globalThis.crypto?.subtle) out.push(t('lack.hash'));
  return out;
}

export function Insecure() {
  return (
    <main class="ph-main pad stack">
      <h1>{t('insecure')}</h1>
      <p>{t('insecure.why', { at: location.host })}</p>
      <ul class="ph-lack">
        {missing().map((x) => (
          <li key={x}>✕ {x}</li>
        ))}
      </ul>
      <h2>{t('insecure.how')}</h2>
      <ol class="ph-steps">
        <li>
          {t('insecure.1')}
          <a class="btn primary" href={CA} download="kuangtu-ca.crt">
            {t('insecure.get')}
          </a>
        </li>
        <li>{t('insecure.2')}</li>
        <li>{t('insecure.3')}</li>
        <li>{t('insecure.4')}</li>
      </ol>
      <a class="btn" href="./">
        {t('me.desk')}
      </a>
    </main>
  );
}
