// SPDX-License-Identifier: Apache-2.0
/** The chosen case beside the board: its moves, its main fields, the way to its record. */
import { type Case, type Record_, recordPath, registerOf } from '../../api/room';
import { canAct, live } from '../../api/world';
import { pick } from '../../app/i18n';
import { href } from '../../app/router';
import { Waiting } from '../../records/Parts';
import { useHeard, useRead } from '../../records/use';
import { CaseBlock } from '../../registers/CaseBlock';
import { isFiles, valueText, withUnit } from '../../registers/value';
import { t } from './texts';

export function CasePane({
  c,
  onClose,
  again,
}: {
  c: Case;
  onClose: () => void;
  again: () => void;
}) {
  const r = registerOf(c.register);
  const read = useRead<Record_>(recordPath(c.register, c.id));
  useHeard(['record'], (o) => o.record === c.id && read.again());
  const both = () => {
    read.again();
    again();
  };
  const rec = read.data;
  return (
    <aside class="cs-pane" aria-label={t('case')}>
      <header class="row">
        <h2 class="grow">{c.label || c.key}</h2>
        <button type="button" class="btn plain" aria-label={t('close')} onClick={onClose}>
          ✕
        </button>
      </header>
      <p>
        <a href={href(['registers', c.register, String(c.id)])}>{t('open')}</a>{' '}
        <span class="hint">{pick(r?.title)}</span>
      </p>
      <Waiting read={read}>
        {rec && r && (
          <>
            <CaseBlock r={r} rec={rec} now={live.now.value} acts={canAct.value} again={both} />
            <dl class="kv cs-fields">
              {r.fields
                .filter((f) => !f.ended && !isFiles(f) && f.type !== 'geometry')
                .filter((f) => valueText(f, rec.fields[f.id]) !== '')
                .map((f) => (
                  <div key={f.id} class="cs-kv">
                    <dt>{pick(f.title)}</dt>
                    <dd>{withUnit(f, rec.fields[f.id])}</dd>
                  </div>
                ))}
            </dl>
          </>
        )}
      </Waiting>
    </aside>
  );
}
