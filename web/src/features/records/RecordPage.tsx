// SPDX-License-Identifier: Apache-2.0
/** One record: what stands, where it comes from, what it was, what is to be done and what hangs on it. */
import { useState } from 'preact/hooks';
import { url } from '../../api/client';
import {
  type Fact,
  personName,
  type Record_,
  type Register,
  recordPath,
  stateOf,
} from '../../api/room';
import { canAct } from '../../api/world';
import { fromInput, fullStamp, stamp, toInput } from '../../app/format';
import { lang, pick } from '../../app/i18n';
import { useKey } from '../../app/keys';
import { Lazy } from '../../app/Lazy';
import { go, href, route, setQuery } from '../../app/router';
import { useAsk } from '../../records/Ask';
import { Waiting } from '../../records/Parts';
import { useHeard, useRead } from '../../records/use';
import { CaseBlock } from '../../registers/CaseBlock';
import { isFiles, isWalk } from '../../registers/value';
import { Tabs } from '../../ui/Tabs';
import { Attachments } from './Attachments';
import { Barriers } from './Barriers';
import { FieldsBlock } from './FieldsBlock';
import { History, Moves } from './History';
import { Matches } from './Matches';
import { Provisions } from './Provisions';
import { References } from './References';
import { known, nowShown } from './state';
import { hasSubsidence } from './subside';
import { t } from './texts';
import { WalksBlock } from './WalksBlock';

const subsidence = () => import('./Subsidence');

type Ask = ReturnType<typeof useAsk>[0];

function askEnd(rec: Record_, ask: Ask, again: () => void) {
  const ended = !!rec.ended;
  ask({
    title: t(ended ? 'reopen.title' : 'end.title', { label: rec.label }),
    explain: t(ended ? 'reopen.why' : 'end.why'),
    verb: ended ? 'record.reopen' : 'record.end',
    fields: [{ name: 'reason', label: t('reason'), kind: 'area' }],
    args: (v) => ({ record: rec.id, version: rec.version, ...v }),
    done: again,
  });
}

function Head({
  r,
  rec,
  past,
  ask,
  again,
}: {
  r: Register;
  rec: Record_;
  past: boolean;
  ask: Ask;
  again: () => void;
}) {
  const acts = canAct.value && !past;
  const state = stateOf(r, rec.state);
  useKey(
    'E',
    () => t('edit'),
    () => go(['registers', r.id, String(rec.id), 'edit']),
    acts && !!r.may.write && !rec.ended,
  );
  return (
    <div class="desk-head">
      <a class="btn plain" href={href(['registers', r.id])} title={t('back.list')}>
        ◂ {pick(r.title)}
      </a>
      <h1 class="desk-title">{rec.label || rec.key}</h1>
      {state && <span class="mark">{pick(state.title)}</span>}
      {!!rec.ended && <span class="mark">{t('ended.at', { at: stamp(rec.ended) })}</span>}
      {!!rec.merged && (
        <a href={href(['registers', r.id, String(rec.merged)])}>{t('merged.into')}</a>
      )}
      <span class="hint">
        {t('version', {
          n: rec.version,
          by: personName(rec.changed_by),
          at: rec.changed ? stamp(rec.changed) : '–',
        })}
      </span>
      <span class="grow" />
      {(r.documents ?? []).map((d) => (
        <details key={d.id} class="menu">
          <summary class="btn">{t('print', { title: pick(d.title) })} ▾</summary>
          <div class="menu-body panel">
            {['pdf', 'xlsx'].map((format) => (
              <a
                key={format}
                class="btn plain"
                download
                href={url(`${recordPath(r.id, rec.id)}/documents/${d.id}`, {
                  format,
                  lang: lang.value === 'zh' ? 'zh' : 'en',
                })}
              >
                {format.toUpperCase()}
              </a>
            ))}
          </div>
        </details>
      ))}
      {r.may.write && (
        <button type="button" class="btn" disabled={!acts} onClick={() => askEnd(rec, ask, again)}>
          {t(rec.ended ? 'reopen' : 'end')}
        </button>
      )}
      {r.may.write && !rec.ended && (
        <button
          type="button"
          class="btn primary"
          disabled={!acts}
          onClick={() => go(['registers', r.id, String(rec.id), 'edit'])}
        >
          {t('edit')}
          <kbd>E</kbd>
        </button>
      )}
    </div>
  );
}

/** "As it stood on": what was recorded then, or what is now known to have been valid then. */
function AsOf() {
  const q = route.value.query;
  const at = q.at ? Number(q.at) : null;
  return (
    <span class="row">
      <label class="row">
        <span class="hint">{t('asof')}</span>
        <input
          class="input"
          type="datetime-local"
          value={at ? toInput(at).slice(0, 16) : ''}
          onChange={(e) => {
            const ms = fromInput(e.currentTarget.value);
            setQuery({ at: ms ? String(ms) : null });
          }}
        />
      </label>
      {at && (
        <>
          <select
            class="input"
            aria-label={t('asof.kind')}
            value={q.as ?? 'known'}
            onChange={(e) => setQuery({ as: e.currentTarget.value })}
          >
            <option value="known">{t('asof.known')}</option>
            <option value="valid">{t('asof.valid')}</option>
          </select>
          <button type="button" class="btn" onClick={() => setQuery({ at: null, as: null })}>
            {t('asof.now')}
          </button>
        </>
      )}
    </span>
  );
}

function moment() {
  const q = route.value.query;
  if (known.value) return { known: Math.round(known.value) };
  if (!q.at) return {};
  return q.as === 'valid' ? { at: q.at } : { known: q.at };
}

export function RecordPage({ r, id }: { r: Register; id: number }) {
  const when = moment();
  const past = Object.keys(when).length > 0;
  const read = useRead<Record_>(recordPath(r.id, id), when);
  const facts = useRead<Fact[] | { items: Fact[] }>(`${recordPath(r.id, id)}/history`);
  const [ask, dialog] = useAsk();
  const [side, setSide] = useState<string | null>(null);
  const tab = route.value.query.tab ?? 'now';
  const again = () => {
    read.again();
    facts.again();
  };
  useHeard(['record'], (o) => o.record === id && again());
  const rec = read.data;
  const list = facts.data ? (Array.isArray(facts.data) ? facts.data : facts.data.items) : [];
  if (!rec)
    return (
      <div class="pad">
        <Waiting read={read} />
      </div>
    );
  const limit = Number(when.known ?? Infinity);
  const seen = list.filter((x) => x.time <= limit);
  return (
    <div class="desk rr-record">
      <Head r={r} rec={rec} past={past} ask={ask} again={again} />
      <div class="desk-bar">
        <Tabs
          label={t('record')}
          current={tab}
          tabs={[
            { id: 'now', title: t('tab.now') },
            { id: 'history', title: t('tab.history', { n: seen.length }) },
            ...(r.workflow
              ? [{ id: 'moves', title: t('tab.moves', { n: rec.moves?.length ?? 0 }) }]
              : []),
            ...(r.provisions
              ? [{ id: 'provisions', title: t('tab.provisions', { n: r.provisions }) }]
              : []),
            ...(hasSubsidence(r) ? [{ id: 'subsidence', title: t('tab.subsidence') }] : []),
            ...(r.matches ? [{ id: 'matches', title: t('tab.matches') }] : []),
            ...(r.barriers ? [{ id: 'barriers', title: t('tab.barriers') }] : []),
          ]}
          onChange={(x) => setQuery({ tab: x === 'now' ? null : x, field: null })}
        />
        <span class="grow" />
        {!known.value && <AsOf />}
      </div>
      <div class="desk-body">
        {past && (
          <p class="rr-past" role="status">
            {t('past', { at: fullStamp(Number(when.known ?? when.at)) })}
          </p>
        )}
        {read.error && <p class="error">{read.error}</p>}
        {tab === 'history' && <History r={r} facts={seen} />}
        {tab === 'moves' && <Moves r={r} moves={rec.moves ?? []} />}
        {tab === 'provisions' && <Provisions r={r} rec={rec} when={when} />}
        {tab === 'matches' && <Matches r={r} rec={rec} />}
        {tab === 'barriers' && <Barriers r={r} rec={rec} />}
        {tab === 'subsidence' && <Lazy load={subsidence} props={{ r, rec }} />}
        {tab === 'now' && (
          <div class="rr-two">
            <FieldsBlock
              r={r}
              rec={rec}
              facts={seen}
              acts={canAct.value && !past && !!r.may.write}
              ask={ask}
              open={side}
              setOpen={setSide}
              again={again}
            />
            <div class="stack rr-side">
              {r.workflow && (
                <CaseBlock
                  r={r}
                  rec={rec}
                  now={nowShown.value}
                  acts={canAct.value && !past}
                  again={again}
                />
              )}
              {r.fields.some((f) => isFiles(f) && !isWalk(f)) && (
                <Attachments r={r} rec={rec} acts={canAct.value && !past} ask={ask} again={again} />
              )}
              {r.fields.some(isWalk) && <WalksBlock r={r} rec={rec} />}
              <References r={r} rec={rec} />
            </div>
          </div>
        )}
      </div>
      {dialog}
    </div>
  );
}
