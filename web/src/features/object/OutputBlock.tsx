// SPDX-License-Identifier: Apache-2.0
/** A switch: its state, what feeds show on the load side, locks, tags, and the way to a command. */
import { useEffect } from 'preact/hooks';
import { api } from '../../api/client';
import type { CommandState, Output, PointInfo } from '../../api/model';
import { can } from '../../api/session';
import { site } from '../../api/site';
import { canAct, live, world } from '../../api/world';
import { nameOf } from '../../app/i18n';
import { toastError } from '../../ui/Toast';
import { Value } from '../../ui/Value';
import { openCommand, stateText } from '../command/state';
import { tagging } from './Dialogs';
import { t } from './texts';

/** Reads the output whole, for interlock and tags, each time something about it happens. */
export function useOutput(id: string): Output | undefined {
  const o = world.value.outputs.value.get(id);
  const change = world.value.commands.value.get(id);
  const live_ = world.value === live;
  // read anew after each change of its command
  useEffect(() => {
    if (!live_) return;
    api.get<Output>(`/outputs/${encodeURIComponent(id)}`).then((x) => {
      live.outputs.value = new Map(live.outputs.value).set(id, x);
    }, toastError);
  }, [id, change?.state, change?.id, live_]);
  useEffect(
    () =>
      live.on('tag', (x) => {
        if ((x as { output?: string }).output !== id) return;
        void api.get<Output>(`/outputs/${encodeURIComponent(id)}`).then((y) => {
          live.outputs.value = new Map(live.outputs.value).set(id, y);
        });
      }),
    [id],
  );
  return o;
}

/** What the load side says of the last command, also when that is long over. */
export function proofOf(o: Output | undefined): CommandState | null {
  if (!o || o.commanded === undefined || o.commanded === null) return null;
  if (o.anomaly) return 'anomaly';
  if (o.feed === undefined || o.feed === null) return null;
  return (o.commanded === (o.opening ?? 0)) === (o.feed === 0) ? 'proved' : null;
}

export function OutputBlock({ p }: { p: PointInfo }) {
  const o = useOutput(p.id);
  const role = site.value.roleOf(p);
  const opening = role?.opening ?? 0;
  const feed = p.feed ? site.value.pointById.get(p.feed) : undefined;
  const c = world.value.commands.value.get(p.id) ?? o?.command ?? undefined;
  const proof = c || p.set ? null : proofOf(o);
  const tags = o?.tags ?? [];
  const act = canAct.value;
  const closing = opening ? 0 : 1;
  return (
    <section class="stack">
      <dl class="kv">
        {feed && (
          <>
            <dt>{t('feed.of')}</dt>
            <dd>
              {nameOf(feed)} <Value point={feed} withAge />
            </dd>
          </>
        )}
        {!!p.serves?.length && (
          <>
            <dt>{t('serves')}</dt>
            <dd>{p.serves.map((x) => site.value.placeName(x)).join('、')}</dd>
          </>
        )}
        {c && (
          <>
            <dt>{t('command')}</dt>
            <dd>
              {site.value.word(p, c.value)} · {stateText(c.state)} {c.by} {c.text}
            </dd>
          </>
        )}
        {proof && (
          <>
            <dt>{t('command')}</dt>
            <dd>
              {site.value.word(p, o?.commanded ?? 0)} · {stateText(proof)}
            </dd>
          </>
        )}
      </dl>
      {!!o?.latched_by?.length && (
        <p class="error">
          {t('latched', { by: o.latched_by.map((x) => site.value.pointName(x)).join('、') })}
        </p>
      )}
      {tags.map((x, i) => (
        <p key={i} class="error">
          {t('tags')}: {x.by} · {x.reason}
        </p>
      ))}
      <div class="row wrap">
        {p.set && can('output.set') && (
          <button
            type="button"
            class="btn"
            disabled={!act}
            onClick={() => openCommand(p.id, Number.NaN)}
          >
            {t('set')}…
          </button>
        )}
        {!p.set && can('output.open') && (
          <button
            type="button"
            class="btn"
            disabled={!act}
            onClick={() => openCommand(p.id, opening)}
          >
            {site.value.word(p, opening)}…
          </button>
        )}
        {!p.set && can('output.close') && (
          <button
            type="button"
            class="btn"
            disabled={!act}
            onClick={() => openCommand(p.id, closing)}
          >
            {site.value.word(p, closing)}…
          </button>
        )}
        {c?.state === 'requested' && (
          <button
            type="button"
            class="btn"
            disabled={!act}
            onClick={() => openCommand(p.id, c.value)}
          >
            {stateText(c.state)}…
          </button>
        )}
        {can('output.tag') && (
          <button
            type="button"
            class="btn"
            disabled={!act}
            onClick={() => (tagging.value = { output: p.id, verb: 'output.tag' })}
          >
            {t('tag')}
          </button>
        )}
        {tags.length > 0 && can('output.untag') && (
          <button
            type="button"
            class="btn"
            disabled={!act}
            onClick={() => (tagging.value = { output: p.id, verb: 'output.untag' })}
          >
            {t('untag')}
          </button>
        )}
      </div>
    </section>
  );
}
