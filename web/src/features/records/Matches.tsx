// SPDX-License-Identifier: Apache-2.0
/** What suits this record, or whom it suits, and which facts are missing to say so. */
import {
  fieldOf,
  type Holds,
  type Record_,
  type Register,
  recordPath,
  registerOf,
} from '../../api/room';
import { pick, type Text } from '../../app/i18n';
import { href } from '../../app/router';
import { Waiting } from '../../records/Parts';
import { useRead } from '../../records/use';
import { t } from './texts';

interface Item {
  holds: Holds;
  missing: string[];
  record: { id: number; register?: string; label: string };
}
interface Match {
  id: string;
  title: Text;
  facts_of: string;
  lists: string;
  items: Item[];
  no: number;
}

function One({ m }: { m: Match }) {
  const facts = registerOf(m.facts_of);
  const names = (ids: readonly string[]) =>
    ids.map((id) => (facts && pick(fieldOf(facts, id)?.title)) || id).join(t('comma'));
  const order = [...m.items].sort((a, b) => Number(b.holds === 'yes') - Number(a.holds === 'yes'));
  return (
    <section class="stack" aria-label={pick(m.title)}>
      <h3>{pick(m.title)}</h3>
      {order.length === 0 ? (
        <p class="hint">{t('match.none')}</p>
      ) : (
        <table class="wide-table rr-prov">
          <thead>
            <tr>
              <th scope="col">{t('match.what')}</th>
              <th scope="col">{t('prov.result')}</th>
            </tr>
          </thead>
          <tbody>
            {order.map((i) => (
              <tr key={i.record.id}>
                <td>
                  <a href={href(['registers', m.lists, String(i.record.id)])}>{i.record.label}</a>
                </td>
                <td>
                  {i.holds === 'yes' ? (
                    <b>{t('prov.yes')}</b>
                  ) : (
                    <>
                      <span class="mark">{t('prov.unknown')}</span>{' '}
                      {t('prov.missing', { facts: names(i.missing) })}
                    </>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <p class="hint">{t('match.no', { n: m.no })}</p>
    </section>
  );
}

export function Matches({ r, rec }: { r: Register; rec: Record_ }) {
  const read = useRead<{ matches: Match[] }>(`${recordPath(r.id, rec.id)}/matches`);
  if (!read.data) return <Waiting read={read} />;
  return (
    <div class="stack">
      {read.data.matches.map((m) => (
        <One key={m.id} m={m} />
      ))}
    </div>
  );
}
