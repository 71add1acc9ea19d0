// SPDX-License-Identifier: Apache-2.0
/** One register as a table: search, conditions, order, columns, named views, several at once, export. */
import { useState } from 'preact/hooks';
import { url } from '../../api/client';
import { type Field, type Item, personName, type Register, stateOf } from '../../api/room';
import { canAct } from '../../api/world';
import { fullStamp } from '../../app/format';
import { lang, pick } from '../../app/i18n';
import { useKey } from '../../app/keys';
import { go, href, route, setQuery } from '../../app/router';
import { useHeard } from '../../records/use';
import { dueText, isNumber, unitText, valueText } from '../../registers/value';
import { type Column, Table } from '../../ui/Table';
import { BulkDialog } from './Bulk';
import { clauseText, effective, Filter } from './Filter';
import { Marked } from './Marked';
import { chosenColumns, known, nowShown, readFilter } from './state';
import { t } from './texts';
import { useList } from './useList';
import { ColumnsMenu, ViewsMenu } from './Views';

/** Of one bulk. */
const MOST = 1000;

function SortHead({ id, title }: { id: string; title: string }) {
  const sort = route.value.query.sort ?? '';
  const [up, down] = [sort === id, sort === `-${id}`];
  return (
    <button
      type="button"
      onClick={() => setQuery({ sort: up ? `-${id}` : down ? null : id })}
      aria-label={`${title} ${t(up ? 'sort.up' : down ? 'sort.down' : 'sort.none')}`}
    >
      {title}
      {up ? ' ▴' : down ? ' ▾' : ''}
    </button>
  );
}

function cellOf(f: Field, r: Item, words: string, first: boolean) {
  const text = valueText(f, r.fields[f.id]);
  if (!text) return <span class="hint">–</span>;
  const conflict = first && !!r.conflicts;
  return (
    <>
      {words ? <Marked text={text} words={words} /> : text}
      {conflict && (
        <span class="mark" title={t('conflicting')}>
          ≠
        </span>
      )}
    </>
  );
}

function DueCell({ r }: { r: Item }) {
  const now = nowShown.value;
  if (!r.due) return <span class="hint">–</span>;
  const late = r.due < now;
  return (
    <span class={late ? 'rr-late' : ''} title={fullStamp(r.due)}>
      {late && <b aria-hidden="true">! </b>}
      {dueText(r.due, now)}
    </span>
  );
}

interface Pick {
  picked: ReadonlySet<number>;
  toggle: (r: Item) => void;
  all: boolean;
  toggleAll: () => void;
}

function columns(reg: Register, fields: readonly Field[], words: string, p: Pick): Column<Item>[] {
  const out: Column<Item>[] = [
    {
      id: '_pick',
      title: (
        <input
          type="checkbox"
          aria-label={t('pick.all')}
          title={t('pick.all')}
          checked={p.all}
          onChange={p.toggleAll}
        />
      ),
      width: '2.6rem',
      cell: (r) => (
        <input
          type="checkbox"
          aria-label={t('pick.one', { key: r.key })}
          checked={p.picked.has(r.id)}
          onClick={(e) => e.stopPropagation()}
          onChange={() => p.toggle(r)}
        />
      ),
    },
    ...fields.map(
      (f, i): Column<Item> => ({
        id: f.id,
        title: (
          <SortHead
            id={f.id}
            title={unitText(f) ? `${pick(f.title)} ${unitText(f)}` : pick(f.title)}
          />
        ),
        ...(i === 1 || (fields.length === 1 && i === 0) ? {} : { width: widthOf(f) }),
        num: isNumber(f),
        cell: (r) =>
          f.id === reg.key || i === 0 ? (
            <a href={href(['registers', reg.id, String(r.id)])}>{cellOf(f, r, words, true)}</a>
          ) : (
            cellOf(f, r, words, false)
          ),
      }),
    ),
  ];
  if (!reg.workflow) return out;
  return [
    ...out,
    {
      id: '_state',
      title: <SortHead id="_state" title={t('state')} />,
      width: '8rem',
      cell: (r) => pick(stateOf(reg, r.state)?.title) || r.state || '–',
    },
    {
      id: '_owner',
      title: t('owner'),
      width: '6rem',
      cell: (r) => personName(r.owner) || <span class="hint">–</span>,
    },
    {
      id: '_due',
      title: <SortHead id="_due" title={t('due')} />,
      width: '9rem',
      cell: (r) => <DueCell r={r} />,
    },
  ];
}

/** Rem that a title takes: signs of Chinese are whole ones. */
function titleRem(f: Field): number {
  const text = `${pick(f.title)} ${unitText(f)}`.trim();
  return [...text].reduce((n, c) => n + (c > '\u2e80' ? 1.02 : 0.66), 1.2);
}

function valueRem(f: Field): number {
  if (f.type === 'bool') return 4;
  if (f.type === 'time') return 11;
  if (f.auto) return 9.8;
  return f.type === 'ref' || f.type === 'place' ? 9 : 7.5;
}

const widthOf = (f: Field) => `${Math.max(valueRem(f), Math.min(titleRem(f), 11)).toFixed(1)}rem`;

function SearchBox({ q }: { q: string }) {
  const [text, setText] = useState(q);
  return (
    <form
      class="row"
      role="search"
      onSubmit={(e) => {
        e.preventDefault();
        setQuery({ q: text.trim() });
      }}
    >
      <input
        class="input"
        type="search"
        aria-label={t('search')}
        placeholder={t('search.list')}
        value={text}
        onInput={(e) => {
          setText(e.currentTarget.value);
          if (!e.currentTarget.value) setQuery({ q: null });
        }}
      />
      <button type="submit" class="btn">
        {t('search')}
      </button>
    </form>
  );
}

function ExportMenu({
  reg,
  query,
  fields,
}: {
  reg: Register;
  query: object;
  fields: readonly Field[];
}) {
  const link = (format: string) =>
    url(`/records/${reg.id}/export`, {
      ...query,
      columns: fields.map((f) => f.id),
      format,
      lang: lang.value === 'zh' ? 'zh' : 'en',
    });
  const formats = ['xlsx', 'csv', 'pdf', ...(reg.map ? ['gpkg', 'geojson'] : [])];
  return (
    <details class="menu">
      <summary class="btn">{t('export')} ▾</summary>
      <div class="menu-body panel">
        {formats.map((x) => (
          <a key={x} class="btn plain" href={link(x)} download>
            {x.toUpperCase()}
          </a>
        ))}
      </div>
    </details>
  );
}

export function List({ r: reg }: { r: Register }) {
  const q = route.value.query;
  const [lead, setLead] = useState<ReadonlySet<string | number>>(new Set());
  const [picked, setPicked] = useState<ReadonlyMap<number, Item>>(new Map());
  const [filtering, setFiltering] = useState(false);
  const [bulk, setBulk] = useState(false);
  const clauses = readFilter(q.filter);
  const active = effective(clauses);
  const query = {
    q: q.q,
    sort: q.sort,
    filter: active.length ? JSON.stringify(active) : null,
    known: known.value,
  };
  const list = useList(reg.id, query);
  useHeard(['record'], (o) => o.register === reg.id && !known.value && list.again());
  const fields = chosenColumns(reg);
  useKey(
    'N',
    () => t('new'),
    () => go(['registers', reg.id, 'new']),
    !!reg.may.create && canAct.value,
  );
  const ended = clauses.some((c) => c[0] === '_ended');
  const shown = clauses.filter((c) => c[0] !== '_ended');
  const setFilter = (next: typeof clauses) =>
    setQuery({ filter: next.length ? JSON.stringify(next) : null });
  const there = list.items.filter((r) => r !== undefined).slice(0, MOST);
  const pickOf: Pick = {
    picked: new Set(picked.keys()),
    all: picked.size > 0 && there.every((r) => picked.has(r.id)),
    toggleAll: () => setPicked(pickOf.all ? new Map() : new Map(there.map((r) => [r.id, r]))),
    toggle: (r) => {
      const next = new Map(picked);
      if (next.has(r.id)) next.delete(r.id);
      else next.set(r.id, r);
      setPicked(next);
    },
  };
  const chosen = [...picked.values()];
  return (
    <div class="desk rr-list">
      <div class="desk-head">
        <h1 class="desk-title">{pick(reg.title)}</h1>
        <span class="hint" role="status">
          {t(list.over ? 'total.more' : 'total', { n: list.total })}
          {list.busy ? ' …' : ''}
        </span>
        <span class="grow" />
        {reg.may.merge && !known.value && (
          <a class="btn" href={href(['registers', reg.id, 'duplicates'])}>
            {t('duplicates')}
          </a>
        )}
        {reg.may.import && !known.value && (
          <a class="btn" href={href(['registers', reg.id, 'import'])}>
            {t('import')}
          </a>
        )}
        <ExportMenu reg={reg} query={query} fields={fields} />
        {reg.may.create && (
          <button
            type="button"
            class="btn primary"
            disabled={!canAct.value}
            onClick={() => go(['registers', reg.id, 'new'])}
          >
            {t('new')}
            <kbd>N</kbd>
          </button>
        )}
      </div>
      <div class="desk-bar">
        <SearchBox key={q.q ?? ''} q={q.q ?? ''} />
        <button
          type="button"
          class="btn"
          aria-expanded={filtering}
          aria-pressed={filtering}
          onClick={() => setFiltering(!filtering)}
        >
          {t('filter')} {shown.length || ''}
        </button>
        <label class="check">
          <input
            type="checkbox"
            checked={ended}
            onChange={() => setFilter(ended ? shown : [...shown, ['_ended', '!=', null]])}
          />
          <span>{t('ended.only')}</span>
        </label>
        <ColumnsMenu r={reg} />
        <ViewsMenu r={reg} />
        {!filtering &&
          shown.map((c, i) => (
            <button
              key={i}
              type="button"
              class="btn rr-chip"
              title={t('filter.drop')}
              onClick={() => setFilter(clauses.filter((x) => x !== c))}
            >
              {clauseText(reg, c)} ✕
            </button>
          ))}
        {chosen.length > 0 && (
          <span class="row rr-bulk">
            <span>{t('picked', { n: chosen.length })}</span>
            <button
              type="button"
              class="btn"
              disabled={!canAct.value || (!reg.may.write && !reg.workflow)}
              onClick={() => setBulk(true)}
            >
              {t('bulk')}
            </button>
            <button type="button" class="btn plain" onClick={() => setPicked(new Map())}>
              {t('unpick')}
            </button>
          </span>
        )}
        {filtering && <Filter r={reg} list={clauses} set={setFilter} />}
      </div>
      <div class="desk-body fill">
        {list.error ? (
          <p class="error" role="alert">
            {list.error}
          </p>
        ) : (
          <Table
            key={JSON.stringify(query)}
            label={pick(reg.title)}
            columns={columns(reg, fields, q.q ?? '', pickOf)}
            rows={list.items}
            rowKey={(r) => r.id}
            rowClass={(r) => (r.ended ? 'rr-ended' : '')}
            onOpen={(r) => go(['registers', reg.id, String(r.id)])}
            selected={lead}
            onSelect={setLead}
            onRange={list.range}
            empty={
              list.busy ? (
                t('loading')
              ) : active.length || q.q ? (
                t('none.match')
              ) : (
                <span class="row">
                  {t('none')}
                  {reg.may.create && canAct.value && (
                    <a class="btn" href={href(['registers', reg.id, 'new'])}>
                      {t('none.add')}
                    </a>
                  )}
                </span>
              )
            }
          />
        )}
      </div>
      {bulk && (
        <BulkDialog
          r={reg}
          items={chosen}
          onClose={() => setBulk(false)}
          onDone={() => {
            setPicked(new Map());
            list.again();
          }}
        />
      )}
    </div>
  );
}
