// SPDX-License-Identifier: Apache-2.0
/** What can be asked of a spot: coordinates, distance, neighbours, and the actions of a thing. */
import { useEffect, useRef } from 'preact/hooks';
import { replaying } from '../../api/world';
import { app } from '../../app/app';
import { point, select } from '../../app/selection';
import type { Item } from '../../map/items';
import type { MapView } from '../../map/view';
import { toast } from '../../ui/Toast';
import { boxed, listOpen } from './state';
import { t } from './texts';

export interface MenuAt {
  item: Item | null;
  at: [number, number];
  pixel: [number, number];
}

const NEAR_M = 200;

interface Props {
  menu: MenuAt;
  view: MapView;
  onClose: () => void;
  onMeasure: () => void;
}

function copy(at: [number, number]): void {
  const text = `X=${at[1].toFixed(2)} Y=${at[0].toFixed(2)}`;
  const done = () => toast(t('copied', { text }));
  if (navigator.clipboard) void navigator.clipboard.writeText(text).then(done, () => toast(text));
  else toast(text);
}

export function ContextMenu({ menu, view, onClose, onMeasure }: Props) {
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => ref.current?.querySelector<HTMLElement>('button')?.focus(), []);
  const [x, y] = menu.at;
  const near = view.items.value.filter(
    (i) => i.point && Math.hypot(i.x - x, i.y - y) <= NEAR_M,
  ).length;
  const target = menu.item?.point ? point(menu.item.point.id) : null;
  const actions = target
    ? app.actions.list.filter(
        (a) => a.on.includes('point') && !(a.acts && replaying.value) && (a.when?.(target) ?? true),
      )
    : [];
  const run = (f: () => void) => () => {
    onClose();
    f();
  };
  return (
    <div
      ref={ref}
      class="context panel"
      role="menu"
      aria-label={t('menu')}
      style={{ left: `${menu.pixel[0]}px`, top: `${menu.pixel[1]}px` }}
      onKeyDown={(e) => {
        if (e.key !== 'Escape') return;
        e.stopPropagation();
        onClose();
      }}
      onFocusOut={(e) => {
        if (!ref.current?.contains(e.relatedTarget as Node | null)) onClose();
      }}
      tabIndex={-1}
    >
      <button type="button" role="menuitem" class="btn plain" onClick={run(() => copy(menu.at))}>
        {t('menu.copy')}
      </button>
      <button type="button" role="menuitem" class="btn plain" onClick={run(onMeasure)}>
        {t('menu.measure')}
      </button>
      <button
        type="button"
        role="menuitem"
        class="btn plain"
        onClick={run(() => {
          boxed.value = [x - NEAR_M, y - NEAR_M, x + NEAR_M, y + NEAR_M];
          listOpen.value = true;
        })}
      >
        {t('menu.near', { n: near })}
      </button>
      {target &&
        actions.map((a) => (
          <button
            key={a.id}
            type="button"
            role="menuitem"
            class="btn plain"
            onClick={run(() => {
              select(target);
              a.run(target);
            })}
          >
            {a.title()}
          </button>
        ))}
    </div>
  );
}
