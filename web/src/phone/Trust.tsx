// SPDX-License-Identifier: Apache-2.0
/**
 * How a phone comes to trust the site's certificate: the address as a code to scan, the authority to
 * install, the way through each system's settings, and what this device can do now. Needs no log-in.
 */
import { useEffect, useState } from 'preact/hooks';
import { BASE } from '../api/client';
import { qrCode } from './qr';
import { t } from './texts';

const CA = `${BASE}/certificate`;
const LISTENS = 'X-Kuangtu-Https';
const USUAL_PORT = '8443';

export interface Check {
  id: 'tls' | 'offline' | 'place' | 'hash' | 'store';
  good: boolean;
}

/** A page that is not secure has none of them; one whose certificate is not trusted has no worker. */
export function checks(worker: boolean): Check[] {
  return [
    { id: 'tls', good: isSecureContext },
    { id: 'offline', good: worker },
    { id: 'store', good: isSecureContext && typeof indexedDB !== 'undefined' },
    { id: 'place', good: isSecureContext && 'geolocation' in navigator },
    { id: 'hash', good: !!globalThis.crypto?.subtle },
  ];
}

export async function registerWorker(): Promise<boolean> {
  try {
    await navigator.serviceWorker.register('./phone-sw.js', { scope: './phone' });
    return true;
  } catch {
    return false;
  }
}

interface Authority {
  /** Where the program listens for HTTPS, "0.0.0.0:8443"; empty when it does not say. */
  listens: string;
  /** SHA-256 of the certificate; empty where the page cannot compute it. */
  print: string;
  there: boolean;
}

function bytesOf(pem: string): Uint8Array<ArrayBuffer> {
  const body = /-----BEGIN CERTIFICATE-----([\s\S]+?)-----END/.exec(pem)?.[1] ?? '';
  return Uint8Array.from(atob(body.replace(/\s/g, '')), (c) => c.charCodeAt(0));
}

async function authority(): Promise<Authority> {
  const r = await fetch(CA);
  const listens = r.headers.get(LISTENS) ?? '';
  if (!r.ok) return { listens, print: '', there: false };
  const pem = await r.text();
  if (!globalThis.crypto?.subtle) return { listens, print: '', there: true };
  const d = new Uint8Array(await crypto.subtle.digest('SHA-256', bytesOf(pem)));
  const hex = [...d].map((b) => b.toString(16).padStart(2, '0').toUpperCase());
  return { listens, print: hex.join(':'), there: true };
}

/** Where phones go: this page's own address when it is one that they can reach safely. */
export function addressOf(
  at: { protocol: string; origin: string; hostname: string },
  listens: string,
) {
  if (at.protocol === 'https:') return `${at.origin}/phone`;
  const port = /:(\d+)$/.exec(listens)?.[1] ?? USUAL_PORT;
  return `https://${at.hostname}${port === '443' ? '' : `:${port}`}/phone`;
}

const ownOnly = (address: string) => /^https?:\/\/(localhost|127\.|\[::1\])/.test(address);

function Code({ text }: { text: string }) {
  const code = qrCode(text);
  if (!code) return null;
  const n = code.size;
  return (
    <svg
      class="ph-qr"
      viewBox={`0 0 ${n} ${n}`}
      role="img"
      aria-label={t('trust.code', { at: text })}
    >
      <rect width={n} height={n} class="ph-qr-light" />
      <path d={code.path} class="ph-qr-dark" />
    </svg>
  );
}

const SYSTEMS = ['android', 'ios', 'harmony'] as const;
type System = (typeof SYSTEMS)[number];

function systemHere(): System {
  const ua = navigator.userAgent;
  if (/iPhone|iPad/.test(ua)) return 'ios';
  return /HarmonyOS|OpenHarmony/.test(ua) ? 'harmony' : 'android';
}

function Steps() {
  const [which, setWhich] = useState<System>(systemHere());
  return (
    <div class="stack">
      <div class="row wrap" role="group" aria-label={t('trust.system')}>
        {SYSTEMS.map((s) => (
          <button
            key={s}
            type="button"
            class="btn"
            aria-pressed={s === which}
            onClick={() => setWhich(s)}
          >
            {t(`trust.${s}`)}
          </button>
        ))}
      </div>
      <ol class="ph-steps">
        {t(`trust.${which}.steps`)
          .split('\n')
          .map((x) => (
            <li key={x}>{x}</li>
          ))}
      </ol>
    </div>
  );
}

/** The address, the certificate, the steps, and how far this device is. */
export function Trust({ worker }: { worker: boolean | null }) {
  const [ca, setCa] = useState<Authority | null>(null);
  const [typed, setTyped] = useState<string | null>(null);
  const [works, setWorks] = useState(worker ?? false);
  useEffect(() => {
    authority().then(setCa, () => setCa({ listens: '', print: '', there: false }));
    if (worker === null && isSecureContext && 'serviceWorker' in navigator)
      void registerWorker().then(setWorks);
  }, []);
  const address = typed ?? addressOf(location, ca?.listens ?? '');
  return (
    <div class="stack ph-trust">
      <h2>{t('trust.1')}</h2>
      <label class="field">
        <span>{t('trust.address')}</span>
        <input
          class="input"
          inputMode="url"
          value={address}
          onInput={(e) => setTyped(e.currentTarget.value.trim())}
        />
      </label>
      {ownOnly(address) && <p class="error">{t('trust.own')}</p>}
      <Code text={address} />
      <h2>{t('trust.2')}</h2>
      {ca && !ca.there ? (
        <p class="error">{t('trust.none')}</p>
      ) : (
        <a class="btn primary" href={CA} download="kuangtu-ca.crt">
          {t('insecure.get')}
        </a>
      )}
      <p class="hint">{t('trust.print')}</p>
      {ca?.print && <code class="ph-print">{ca.print}</code>}
      <h2>{t('trust.3')}</h2>
      <Steps />
      <h2>{t('trust.4')}</h2>
      <a class="btn" href={address}>
        {t('trust.open')}
      </a>
      <h2>{t('trust.here')}</h2>
      <ul class="ph-lack">
        {checks(works).map((c) => (
          <li key={c.id} class={c.good ? 'ph-good' : ''}>
            <b aria-hidden="true">{c.good ? '✓' : '✕'}</b> {t(`check.${c.id}`)}
            <span class="sr">{t(c.good ? 'check.good' : 'check.bad')}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
