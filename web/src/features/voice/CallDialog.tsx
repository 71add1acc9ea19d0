// SPDX-License-Identifier: Apache-2.0
/** Before all phones of a place ring: how many, and which. */
import { site } from '../../api/site';
import { canAct } from '../../api/world';
import { go } from '../../app/router';
import { Dialog } from '../../ui/Dialog';
import { call, calling, phonesIn } from './state';
import { t } from './texts';

const NAMED = 12;

export function CallDialog() {
  const x = calling.value;
  if (!x) return null;
  const phones = phonesIn(x.place);
  const close = () => {
    calling.value = null;
  };
  const run = () => {
    close();
    void call(x);
    go(['voice']);
  };
  return (
    <Dialog
      title={t('area.title', { place: site.value.placeName(x.place), n: phones.length })}
      onClose={close}
      footer={
        <button type="button" class="btn primary" disabled={!canAct.value} onClick={run}>
          {t('area.do', { n: phones.length })}
        </button>
      }
    >
      <p>{t('area.note')}</p>
      <ul class="stack">
        {phones.slice(0, NAMED).map((id) => (
          <li key={id}>{site.value.pointName(id)}</li>
        ))}
        {phones.length > NAMED && <li>… {phones.length}</li>}
      </ul>
      {x.downstream && <p class="hint">{t('area.downstream')}</p>}
    </Dialog>
  );
}
