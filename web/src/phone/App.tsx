// SPDX-License-Identifier: Apache-2.0
/** The phone page: a head that tells signal and what waits, one screen, tabs at the thumb. */
import { computed } from '@preact/signals';
import { Toasts } from '../ui/Toast';
import { CasePage } from './CasePage';
import { TrustPage } from './Insecure';
import { Login } from './Login';
import { MapPage } from './MapPage';
import { MePage } from './MePage';
import { Outbox } from './Outbox';
import { Patrol } from './Patrol';
import { page } from './page';
import { Report } from './Report';
import { needLogin, offlineWorks, online, queue, syncing, who } from './state';
import { sync } from './sync';
import { Tasks } from './Tasks';
import { t } from './texts';

const mine = computed(() => queue.value.filter((e) => e.user === who.value?.user));
const trouble = computed(() => mine.value.filter((e) => e.state !== 'wait').length);

function Head() {
  const n = mine.value.length;
  return (
    <header class="ph-head">
      <b class="grow ellipsis">{t('brand')}</b>
      {trouble.value > 0 && (
        <a class="ph-mark" href="#/outbox">
          ! {t('trouble', { n: trouble.value })}
        </a>
      )}
      <button type="button" class="ph-state" onClick={() => void sync()} aria-busy={syncing.value}>
        <span aria-hidden="true">{online.value ? '●' : '○'}</span>{' '}
        {syncing.value ? t('syncing') : t(online.value ? 'online' : 'offline')}
        {n > 0 && <b> {t('waiting', { n })}</b>}
      </button>
    </header>
  );
}

const TABS = ['tasks', 'map', 'report', 'patrol', 'outbox', 'me'] as const;

function Tabs() {
  const now = page.value.name === 'case' ? 'tasks' : page.value.name;
  return (
    <nav class="ph-tabs" aria-label={t('nav')}>
      {TABS.map((id) => (
        <a key={id} href={`#/${id}`} aria-current={id === now ? 'page' : undefined}>
          <b aria-hidden="true">{t(`glyph.${id}`)}</b>
          <span>{t(`tab.${id}`)}</span>
          {id === 'outbox' && mine.value.length > 0 && (
            <small class="ph-count">
              {mine.value.length}
              <span class="sr"> {t('waiting', { n: mine.value.length })}</span>
            </small>
          )}
        </a>
      ))}
    </nav>
  );
}

function Inside() {
  const p = page.value;
  switch (p.name) {
    case 'case':
      return <CasePage key={p.key} id={p.key} />;
    case 'map':
      return <MapPage />;
    case 'report':
      return <Report key={p.key} />;
    case 'patrol':
      return <Patrol />;
    case 'outbox':
      return <Outbox />;
    case 'me':
      return <MePage />;
    default:
      return <Tasks />;
  }
}

export function App() {
  if (page.value.name === 'trust') return <TrustPage />;
  if (!who.value && !needLogin.value)
    return (
      <div class="ph">
        <Head />
        <main class="ph-main">
          <p class="pad">{t(online.value || syncing.value ? 'starting' : 'first.online')}</p>
        </main>
      </div>
    );
  if (!who.value) return <Login />;
  return (
    <div class="ph">
      <Head />
      {!offlineWorks.value && (
        <a class="ph-warn" href="#/trust">
          ! {t('trust.not')}
        </a>
      )}
      {needLogin.value && <Login again />}
      <main class="ph-main">
        <Inside />
      </main>
      <Tabs />
      <Toasts />
    </div>
  );
}
