// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from 'preact/hooks';
import { fullStamp } from '../app/format';
import { lang } from '../app/i18n';
import { theme } from '../app/prefs';
import { sizeText } from '../registers/Files';
import { queue, syncedAt, who } from './state';
import { logout, sync } from './sync';
import { t } from './texts';

function useRoom() {
  const [text, setText] = useState('');
  useEffect(() => {
    void navigator.storage?.estimate?.().then((e) => setText(sizeText(e.usage ?? 0)));
    void navigator.storage?.persist?.();
  }, []);
  return text;
}

export function MePage() {
  const used = useRoom();
  const waits = queue.value.length;
  return (
    <div class="pad stack">
      <h1>{who.value?.name || who.value?.user}</h1>
      <dl class="kv">
        <dt>{t('me.synced')}</dt>
        <dd>{syncedAt.value ? fullStamp(syncedAt.value) : '–'}</dd>
        <dt>{t('me.used')}</dt>
        <dd>{used || '–'}</dd>
      </dl>
      <button type="button" class="btn" onClick={() => void sync()}>
        {t('me.sync')}
      </button>
      <div class="ph-two">
        <button
          type="button"
          class="btn"
          lang={lang.value === 'zh' ? 'en' : 'zh'}
          onClick={() => (lang.value = lang.value === 'zh' ? 'en' : 'zh')}
        >
          {t('me.lang')}
        </button>
        <button
          type="button"
          class="btn"
          onClick={() => (theme.value = theme.value === 'dark' ? 'light' : 'dark')}
        >
          {t('me.theme')}
        </button>
      </div>
      <a class="btn" href="#/trust">
        {t('trust')}
      </a>
      <a class="btn" href="./">
        {t('me.desk')}
      </a>
      {waits > 0 && <p class="error">{t('me.waits', { n: waits })}</p>}
      <button type="button" class="btn" onClick={() => void logout()}>
        {t('me.logout')}
      </button>
    </div>
  );
}
