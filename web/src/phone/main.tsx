// SPDX-License-Identifier: Apache-2.0
import '../app/shims';
import '../ui/tokens.css';
import '../ui/base.css';
import '../ui/ui.css';
import '../records/records.css';
import './phone.css';
import { render } from 'preact';
import { whenUnauthorised } from '../api/client';
import { followLang } from '../app/i18n';
import { followTheme } from '../app/prefs';
import { App } from './App';
import { Insecure, missing } from './Insecure';
import { resumePatrol } from './Patrol';
import { followAddress } from './page';
import { needLogin, readAll, started } from './state';
import { keepSyncing, sync } from './sync';

async function begin(): Promise<void> {
  whenUnauthorised(() => {
    needLogin.value = true;
  });
  followAddress();
  await readAll();
  await resumePatrol();
  started.value = true;
  keepSyncing();
  await sync();
}

followTheme();
followLang();
const root = document.getElementById('app')!;
if (missing().length > 0) render(<Insecure />, root);
else {
  void navigator.serviceWorker
    .register('./phone-sw.js', { scope: './phone' })
    .catch(() => undefined);
  render(<App />, root);
  void begin();
}
