// SPDX-License-Identifier: Apache-2.0
import './app/shims';
import './ui/tokens.css';
import './ui/base.css';
import './ui/ui.css';
import './app/shell/shell.css';
import { render } from 'preact';
import { ApiError } from './api/client';
import { me, ready, start, startError } from './api/session';
import { app } from './app/app';
import { startConsole } from './app/console';
import { installers } from './app/features';
import { followLang } from './app/i18n';
import { onKeydown } from './app/keys';
import { followTheme } from './app/prefs';
import { followRoute } from './app/router';
import { Shell } from './app/shell/Shell';
import { t } from './app/texts';
import { startTicker } from './app/ticker';
import { Login } from './features/login/Login';

function Root() {
  if (ready.value) return <Shell />;
  if (me.value === undefined) return <p class="pad">{t('loading')}</p>;
  if (me.value && !me.value.must_change_password) {
    return startError.value ? (
      <div class="pad stack">
        <p class="error">{t('startFailed', { text: startError.value })}</p>
        <button type="button" class="btn" onClick={() => location.reload()}>
          {t('retry')}
        </button>
      </div>
    ) : (
      <p class="pad">{t('loading')}</p>
    );
  }
  return <Login />;
}

// The log-in page tells that a session has ended; requests that this cut short are no faults.
addEventListener('unhandledrejection', (e) => {
  if (e.reason instanceof ApiError && e.reason.status === 401) e.preventDefault();
});

for (const install of installers) install(app);
followTheme();
followLang();
followRoute();
startTicker();
startConsole();
addEventListener('keydown', onKeydown);
void start();
render(<Root />, document.getElementById('app')!);
