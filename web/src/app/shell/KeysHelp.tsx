// SPDX-License-Identifier: Apache-2.0
import { signal } from '@preact/signals';
import { Dialog } from '../../ui/Dialog';
import { CheckField } from '../../ui/Field';
import { boundKeys } from '../keys';
import { keysOn } from '../prefs';
import { t } from '../texts';

export const keysOpen = signal(false);

export function KeysHelp() {
  if (!keysOpen.value) return null;
  return (
    <Dialog title={t('keys.title')} onClose={() => (keysOpen.value = false)}>
      <p>{t('keys.note')}</p>
      <dl class="kv keys-list">
        {boundKeys().map((k) => (
          <>
            <dt key={`k${k.key}`}>
              <kbd>{k.key}</kbd>
            </dt>
            <dd key={`t${k.key}`}>{k.title}</dd>
          </>
        ))}
      </dl>
      <CheckField
        label={t('keys.on')}
        checked={keysOn.value}
        onChange={(on) => (keysOn.value = on)}
      />
    </Dialog>
  );
}
