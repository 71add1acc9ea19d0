// SPDX-License-Identifier: Apache-2.0
/** The plan's rows, typed in by hand: limits and sums follow each key, the server judges what is kept. */
import { useRef, useState } from 'preact/hooks';
import { request } from '../../api/client';
import { canAct } from '../../api/world';
import { num } from '../../app/format';
import { go } from '../../app/router';
import { useGuard } from '../../records/guard';
import { Dialog } from '../../ui/Dialog';
import { toast, toastError } from '../../ui/Toast';
import {
  broken,
  type Case,
  contentOf,
  type Grid,
  gridOf,
  over,
  paste,
  type Row,
  rowsText,
  setCell,
  stationMonth,
} from './grid';
import type { DrainPlan, NameOf, PlanItem } from './model';
import { t } from './texts';

const wan = (m3: number) => num(m3 / 1e4, 2);
const typed = (m3: number) => (m3 ? String(Number((m3 / 1e4).toFixed(4))) : '');

function Cell(props: {
  row: Row;
  month: string;
  col: number;
  set: (m3: number) => void;
  lay: (text: string) => void;
}) {
  const { row, col } = props;
  const [text, setText] = useState<string | null>(null);
  const [v, most] = [row.cells[col]!, row.most[col]!];
  const bad = text !== null && text.trim() !== '' && !(Number(text) >= 0);
  const wrong = bad || over(v, most);
  return (
    <td class="num">
      <input
        class="input dr-cell"
        inputMode="decimal"
        aria-label={`${row.id} ${props.month}`}
        aria-invalid={wrong}
        value={text ?? typed(v)}
        onInput={(e) => {
          const s = e.currentTarget.value;
          setText(s);
          if (Number(s) >= 0) props.set(Number(s) * 1e4);
        }}
        onPaste={(e) => {
          const s = e.clipboardData?.getData('text') ?? '';
          if (!/[\t\n]/.test(s)) return;
          e.preventDefault();
          setText(null);
          props.lay(s);
        }}
        onBlur={() => setText(null)}
      />
      <small class={wrong ? 'dr-wrong' : 'hint'}>
        {wrong ? '! ' : ''}≤ {wan(most)}
      </small>
    </td>
  );
}

const total = (cells: readonly number[]) => cells.reduce((a, b) => a + b, 0);

function StationRows({ g, c, id }: { g: Grid; c: Case; id: string }) {
  const sums = g.months.map((_, i) => stationMonth(g, c, id, i));
  const breaks = g.months.map((_, i) => broken(g, c, id, i));
  const line = (
    name: string,
    text: (i: number) => string,
    what: readonly ('pumps' | 'balance' | 'thin')[],
    sum = '',
  ) => (
    <tr class="dr-sum">
      <th scope="row">{name}</th>
      {g.months.map((m, i) => {
        const wrong = breaks[i]!.some((b) => what.includes(b));
        return (
          <td key={m} class={`num${wrong ? ' dr-wrong' : ''}`}>
            {wrong ? '! ' : ''}
            {text(i)}
          </td>
        );
      })}
      <td class="num">{sum}</td>
    </tr>
  );
  return (
    <>
      <tr class="dr-part">
        <th scope="rowgroup" colSpan={g.months.length + 2}>
          {id}
        </th>
      </tr>
      {line(t('pure'), (i) => wan(sums[i]!.pure), [], wan(total(sums.map((s) => s.pure))))}
      {line(t('used'), (i) => wan(sums[i]!.used), ['balance'], wan(total(sums.map((s) => s.used))))}
      {line(t('conc'), (i) => (sums[i]!.conc === null ? '–' : num(sums[i]!.conc!, 1)), ['thin'])}
      {line(t('load'), (i) => num(sums[i]!.load, 1), ['pumps'])}
    </>
  );
}

function ZoneRow({ g, c, id, name }: { g: Grid; c: Case; id: string; name: NameOf }) {
  const target = c.zones.find((z) => z.id === id)!.target;
  return (
    <tr class="dr-sum">
      <th scope="row">{t('edit.zone', { id: name(id), target: num(target, 2) })}</th>
      {contentOf(g, c, id).map((v, i) => (
        <td key={g.months[i]} class="num">
          {v <= target ? <b>{num(v, 2)} ✓</b> : num(v, 2)}
        </td>
      ))}
      <td />
    </tr>
  );
}

/** Up, down and Enter go to the same month of the row above or below. */
function move(e: KeyboardEvent, table: HTMLTableElement | null): void {
  const by = { ArrowUp: -1, ArrowDown: 1, Enter: e.shiftKey ? -1 : 1 }[e.key];
  if (!by || e.isComposing || !(e.target instanceof HTMLInputElement)) return;
  e.preventDefault();
  const td = e.target.closest('td')!;
  const all = [...(table?.querySelectorAll<HTMLInputElement>('tbody input') ?? [])];
  const inColumn = all.filter((x) => x.closest('td')!.cellIndex === td.cellIndex);
  const to = inColumn[inColumn.indexOf(e.target) + by];
  to?.focus();
  to?.select();
}

async function keep(item: PlanItem, g: Grid): Promise<number> {
  const rows = rowsText(g);
  if (item.fields.made !== 'solver') {
    await request('record.set', { record: item.id, version: item.version, fields: { rows } });
    return item.id;
  }
  // what the solver said stays as it was said
  const { name, place, from, months, release } = item.fields;
  const fields = { name, place, from, months, release, made: 'person', based_on: item.id, rows };
  const v = await request('record.create', { register: 'drain_plan', fields });
  return Number(v.result?.record);
}

export function Editor(props: { x: DrainPlan; item: PlanItem; name: NameOf; done: () => void }) {
  // as it was when editing began: the server refuses to write over what somebody else wrote since
  const [item] = useState(props.item);
  const c = props.x.case as unknown as Case;
  const [g, setG] = useState(() => gridOf(c, props.x.result.plan));
  const [busy, setBusy] = useState(false);
  const first = useRef(g);
  const guard = useGuard(g !== first.current);
  const table = useRef<HTMLTableElement>(null);
  const save = async () => {
    setBusy(true);
    try {
      const id = await keep(item, g);
      guard.done();
      toast(t('edit.kept'));
      go(['drainage', String(id)]);
      props.done();
    } catch (e) {
      setBusy(false);
      toastError(e);
    }
  };
  const rows = g.rows.map((r, at) => (
    <tr key={`${r.user} ${r.id}`}>
      <th scope="row">
        {r.id}{' '}
        <small class="hint">{r.user ? t('edit.user') : props.name(r.zone) || t('edit.goaf')}</small>
      </th>
      {g.months.map((m, k) => (
        <Cell
          key={m}
          row={r}
          month={m}
          col={k}
          set={(m3) => setG((old) => setCell(old, at, k, m3))}
          lay={(text) => setG((old) => paste(old, at, k, text))}
        />
      ))}
      <td class="num">{wan(total(r.cells))}</td>
    </tr>
  ));
  return (
    <section class="dr-edit" aria-label={t('edit.title', { plan: item.label })}>
      <div class="row wrap">
        <h2 class="grow">{t('edit.title', { plan: item.label })}</h2>
        <button type="button" class="btn" onClick={props.done}>
          {t('edit.leave')}
        </button>
        <button type="button" class="btn primary" disabled={busy || !canAct.value} onClick={save}>
          {t(item.fields.made === 'solver' ? 'edit.keepNew' : 'edit.keep')}
        </button>
      </div>
      {guard.wanted !== null && (
        <Dialog
          title={t('edit.unsaved')}
          onClose={guard.stay}
          footer={
            <>
              <button type="button" class="btn" onClick={guard.leave}>
                {t('edit.leave')}
              </button>
              <button type="button" class="btn primary" onClick={guard.stay}>
                {t('edit.stay')}
              </button>
            </>
          }
        >
          <p>{t('edit.unsavedText')}</p>
        </Dialog>
      )}
      <p class="hint">{t('edit.hint')}</p>
      {c.sources.length === 0 && <p>{t('edit.none')}</p>}
      <div class="dr-scroll">
        <table
          ref={table}
          class="wide-table lined dr-table"
          onKeyDown={(e) => move(e, table.current)}
        >
          <caption>{t('rows')}</caption>
          <thead>
            <tr>
              <th scope="col">{t('hole')}</th>
              {g.months.map((m) => (
                <th key={m} scope="col" class="num">
                  {m}
                </th>
              ))}
              <th scope="col" class="num">
                {t('edit.sum')}
              </th>
            </tr>
          </thead>
          <tbody>
            {rows}
            {c.stations.map((s) => (
              <StationRows key={s.id} g={g} c={c} id={s.id} />
            ))}
            {c.zones.length > 0 && (
              <tr class="dr-part">
                <th scope="rowgroup" colSpan={g.months.length + 2}>
                  {t('edit.zones')}
                </th>
              </tr>
            )}
            {c.zones.map((z) => (
              <ZoneRow key={z.id} g={g} c={c} id={z.id} name={props.name} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
