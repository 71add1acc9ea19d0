// SPDX-License-Identifier: Apache-2.0
/** Two persons changed one record: who changed what since, side by side, and the second one chooses. */
import './registers.css';
import { useState } from 'preact/hooks';
import { type Field, type Fields, type Item, personName } from '../api/room';
import { fullStamp } from '../app/format';
import { pick } from '../app/i18n';
import { Dialog } from '../ui/Dialog';
import { type Clash, changes, clashes } from './draft';
import { t } from './texts';
import { withUnit } from './value';

interface Props {
  fields: readonly Field[];
  /** The record as it was opened, as it is now, and what was to be written. */
  base: Fields;
  theirs: Item;
  mine: Fields;
  /** Goes on with these fields on the newest version. */
  onSave: (fields: Fields) => void;
  onStop: () => void;
  onClose: () => void;
}

function Row({
  c,
  by,
  mine,
  set,
}: {
  c: Clash;
  by: string;
  mine: boolean;
  set: (mine: boolean) => void;
}) {
  const name = `conflict-${c.field.id}`;
  const option = (own: boolean, value: unknown, label: string) => (
    <td data-label={label}>
      <label class="check">
        <input type="radio" name={name} checked={mine === own} onChange={() => set(own)} />
        <span>
          <span class="sr">{label} </span>
          {withUnit(c.field, value)}
        </span>
      </label>
    </td>
  );
  return (
    <tr>
      <th scope="row">{pick(c.field.title)}</th>
      <td class="hint" data-label={t('conflict.base')}>
        {withUnit(c.field, c.base)}
      </td>
      {option(false, c.theirs, t('conflict.theirs', { by }))}
      {option(true, c.mine, t('conflict.mine'))}
    </tr>
  );
}

export function ConflictDialog({ fields, base, theirs, mine, onSave, onStop, onClose }: Props) {
  const list = clashes(fields, base, theirs.fields, mine);
  const [own, setOwn] = useState<Record<string, boolean>>({});
  const by = personName(theirs.changed_by);
  function save() {
    const keep = Object.fromEntries(
      Object.entries(mine).filter(([id]) => own[id] || !list.some((c) => c.field.id === id)),
    );
    onSave(changes(fields, theirs.fields, keep));
  }
  return (
    <Dialog
      title={t('conflict')}
      onClose={onClose}
      footer={
        <>
          <button type="button" class="btn" onClick={onStop}>
            {t('conflict.stop')}
          </button>
          <button type="button" class="btn primary" onClick={save}>
            {t('conflict.save')}
          </button>
        </>
      }
    >
      <p>{t('conflict.why', { by, at: theirs.changed ? fullStamp(theirs.changed) : '–' })}</p>
      {list.length === 0 ? (
        <p class="hint">{t('conflict.none')}</p>
      ) : (
        <div class="rg-scroll">
          <table class="wide-table lined rg-stacked">
            <thead>
              <tr>
                <th scope="col">{t('conflict.field')}</th>
                <th scope="col">{t('conflict.base')}</th>
                <th scope="col">{t('conflict.theirs', { by })}</th>
                <th scope="col">{t('conflict.mine')}</th>
              </tr>
            </thead>
            <tbody>
              {list.map((c) => (
                <Row
                  key={c.field.id}
                  c={c}
                  by={by}
                  mine={own[c.field.id] ?? false}
                  set={(x) => setOwn((o) => ({ ...o, [c.field.id]: x }))}
                />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Dialog>
  );
}
