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
import { Insecure, lacking } from './Insecure';
import { resumePatrol } from './Patrol';
import { followAddress } from './page';
import { needLogin, offlineWorks, readAll, started } from './state';
import { keepSyncing, sync } from './sync';
import { registerWorker } from './Trust';

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
if (lacking()) render(<Insecure />, root);
else {
  void registerWorker().then((good) => {
    offlineWorks.value = good;
  });
  render(<App />, root);
  void begin();
}
