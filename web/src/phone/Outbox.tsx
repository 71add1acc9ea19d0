// SPDX-License-Identifier: Apache-2.0
/** What waits to be sent; what was refused or met another person's change is settled here. */
import { useState } from 'preact/hooks';
import { api } from '../api/client';
import { type Fields, type Item, recordPath, registerOf } from '../api/room';
import { fullStamp } from '../app/format';
import { ConflictDialog } from '../registers/Conflict';
import { sizeText } from '../registers/Files';
import { errorText, toast } from '../ui/Toast';
import { type Entry, redo } from './queue';
import { online, queue, readQueue, syncing, who } from './state';
import { giveUp, sync } from './sync';
import { t } from './texts';

interface Met {
  e: Entry;
  now: Item;
}

async function look(e: Entry): Promise<Item> {
  const [register = '', id = ''] = e.about.split('/');
  return api.get<Item>(recordPath(register, id));
}

async function again(e: Entry, args: Record<string, unknown>): Promise<void> {
  await redo(e, args);
  await readQueue();
  void sync();
}

function One({ e, settle }: { e: Entry; settle: (e: Entry) => void }) {
  const size = typeof e.args.size === 'number' ? sizeText(e.args.size) : '';
  const stuck = e.state !== 'wait';
  const other = e.user !== who.value?.user;
  return (
    <li class={`panel pad stack ph-entry${stuck ? ' stuck' : ''}`}>
      <p>
        <span aria-hidden="true">{stuck ? '!' : '↑'}</span> <b>{e.label}</b>{' '}
        <span class="hint">{size}</span>
      </p>
      <p class="hint">
        {fullStamp(e.made)} {other && t('entry.other', { user: e.user })}
      </p>
      {e.error && <p>{e.error}</p>}
      {e.state === 'conflict' && (
        <button
          type="button"
          class="btn primary"
          disabled={!online.value}
          onClick={() => settle(e)}
        >
          {t('entry.settle')}
        </button>
      )}
      {stuck && (
        <div class="ph-two">
          <button type="button" class="btn" onClick={() => void giveUp(e)}>
            {t('entry.drop')}
          </button>
          {e.state === 'refused' && (
            <button type="button" class="btn" onClick={() => void again(e, e.args)}>
              {t('entry.again')}
            </button>
          )}
        </div>
      )}
    </li>
  );
}

export function Outbox() {
  const [met, setMet] = useState<Met | null>(null);
  const list = queue.value;
  const register = registerOf(met?.e.about.split('/')[0]);
  function settle(e: Entry) {
    look(e).then(
      (now) => setMet({ e, now }),
      (err: unknown) => toast(errorText(err)),
    );
  }
  const close = () => setMet(null);
  return (
    <div class="pad stack">
      <h1>{t('outbox', { n: list.length })}</h1>
      <p class="hint">{t('outbox.why')}</p>
      {list.length > 0 && (
        <button
          type="button"
          class="btn primary"
          disabled={syncing.value}
          onClick={() => void sync()}
        >
          {syncing.value ? t('syncing') : t('send.now')}
        </button>
      )}
      <ul class="ph-list">
        {list.map((e) => (
          <One key={e.n} e={e} settle={settle} />
        ))}
      </ul>
      {list.length === 0 && <p>{t('outbox.none')}</p>}
      {met && register && (
        <ConflictDialog
          fields={register.fields}
          base={met.e.base ?? {}}
          theirs={met.now}
          mine={(met.e.args.fields as Fields | undefined) ?? {}}
          onClose={close}
          onStop={() => {
            void giveUp(met.e);
            close();
          }}
          onSave={(fields) => {
            const { e, now } = met;
            const none = e.verb === 'record.set' && Object.keys(fields).length === 0;
            const args = { ...e.args, version: now.version, ...(e.args.fields ? { fields } : {}) };
            void (none ? giveUp(e) : again(e, args));
            close();
          }}
        />
      )}
    </div>
  );
}
