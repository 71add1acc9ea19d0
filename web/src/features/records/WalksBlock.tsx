// SPDX-License-Identifier: Apache-2.0
/** The walks of a record: who, from when to when, and each check-in. Others' are shown to who has the right. */
import { personName, type Record_, type Register } from '../../api/room';
import { hm, stamp } from '../../app/format';
import { Waiting } from '../../records/Parts';
import { useRead } from '../../records/use';
import { checkPlace, type Walk, type Walks, walksPath } from '../../registers/walks';
import { t } from './texts';

function One({ w }: { w: Walk }) {
  const { user, meta, checks, erased } = w.properties;
  return (
    <li class="stack">
      <p>
        <b>{personName(user)}</b>{' '}
        <span class="hint">
          {meta?.from ? `${stamp(meta.from)} – ${hm(meta.to ?? meta.from)}` : ''}{' '}
          {t('walk.points', { n: meta?.points ?? 0 })}
        </span>
      </p>
      {erased && <p class="hint">{t('walk.erased')}</p>}
      <ul class="rr-checks">
        {(checks ?? []).map((c) => (
          <li key={c.time}>
            <span class="hint">{hm(c.time)}</span> {checkPlace(c)} {c.note}
            {c.accuracy ? <span class="hint"> ±{Math.round(c.accuracy)} m</span> : null}
          </li>
        ))}
      </ul>
    </li>
  );
}

export function WalksBlock({ r, rec }: { r: Register; rec: Record_ }) {
  const read = useRead<Walks>(walksPath(r.id, rec.id));
  const d = read.data;
  return (
    <section class="card">
      <header>
        <h2>{t('walks')}</h2>
      </header>
      <div class="body stack">
        <Waiting read={read}>
          <ul class="stack">
            {d?.features.map((w) => (
              <One key={w.properties.hash} w={w} />
            ))}
          </ul>
          {d && d.hidden > 0 && <p class="hint">{t('walk.hidden', { n: d.hidden })}</p>}
          {d && d.features.length + d.hidden === 0 && <p class="hint">{t('walk.none')}</p>}
        </Waiting>
        <p class="hint">{t('walk.look')}</p>
      </div>
    </section>
  );
}
