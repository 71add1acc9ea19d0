// SPDX-License-Identifier: Apache-2.0
/** Layers by discipline with opacity, count, and the time that loading or drawing took. */
import { signal } from '@preact/signals';
import type BaseLayer from 'ol/layer/Base';
import { useEffect, useState } from 'preact/hooks';
import { site } from '../../api/site';
import { world } from '../../api/world';
import { app } from '../../app/app';
import { pick } from '../../app/i18n';
import type { MapData } from '../../map/base';
import type { MapLayerDef } from '../../map/registry';
import type { MapView } from '../../map/view';
import { CheckField } from '../../ui/Field';
import { errorText } from '../../ui/Toast';
import { filter, layersOn, names, onlyAbnormal, opacity, panelOpen, setGroup } from './state';
import { t } from './texts';

interface RowProps {
  id: string;
  name: string;
  layer: BaseLayer | null;
  hint: string;
  on: boolean;
  onToggle: (on: boolean) => void;
}

function LayerRow({ id, name, layer, hint, on, onToggle }: RowProps) {
  const value = opacity.value[id] ?? 1;
  useEffect(() => {
    layer?.setVisible(on);
    layer?.setOpacity(value);
  }, [layer, on, value]);
  return (
    <li class="layer-row">
      <CheckField label={name} checked={on} onChange={onToggle} />
      <span class="hint">{hint}</span>
      {on && (
        <input
          type="range"
          min="0.1"
          max="1"
          step="0.1"
          aria-label={t('opacity', { name })}
          value={value}
          onInput={(e) =>
            (opacity.value = { ...opacity.value, [id]: Number(e.currentTarget.value) })
          }
        />
      )}
    </li>
  );
}

/** A layer of another feature: made when first switched on, its own loading time told. */
function FeatureLayer({ def, view }: { def: MapLayerDef; view: MapView }) {
  const on = layersOn.value[def.id] ?? def.on ?? view.undrawn;
  const [layer, setLayer] = useState<BaseLayer | null>(null);
  const [hint, setHint] = useState('');
  useEffect(() => {
    if (!on || layer) return;
    const t0 = performance.now();
    Promise.resolve(def.create(view.map)).then(
      (l) => {
        view.map.addLayer(l);
        view.drawnBy(l);
        setLayer(l);
        setHint(t('load', { ms: Math.round(performance.now() - t0) }));
      },
      (e: unknown) => setHint(errorText(e)),
    );
  }, [on, view]);
  const legend = def.legend ? pick(def.legend()) : '';
  return (
    <>
      <LayerRow
        id={def.id}
        name={def.title()}
        layer={layer}
        hint={hint}
        on={on}
        onToggle={(x) => (layersOn.value = { ...layersOn.value, [def.id]: x })}
      />
      {on && legend && <li class="hint legend">{legend}</li>}
    </>
  );
}

function groupCounts(): [string, number][] {
  const n = new Map<string, number>();
  for (const p of site.value.points) {
    const g = site.value.groupOf(p);
    n.set(g, (n.get(g) ?? 0) + 1);
  }
  return [...n];
}

const drawn = signal('');

function LiveGroups({ view }: { view: MapView }) {
  world.value.points.tick.value;
  useEffect(() => {
    const timer = setInterval(() => {
      drawn.value = t('drawn', {
        ms: view.liveLayer.drawMs.toFixed(1),
        n: view.liveLayer.labelCount,
      });
    }, 1000);
    return () => clearInterval(timer);
  }, [view]);
  const hidden = filter.value.hidden;
  return (
    <>
      <li>
        <CheckField
          label={t('names')}
          checked={names.value}
          onChange={(on) => (names.value = on)}
        />
      </li>
      <li>
        <CheckField
          label={t('asset')}
          checked={!hidden.has('asset')}
          onChange={(on) => setGroup('asset', on)}
        />
      </li>
      {groupCounts().map(([g, n]) => (
        <li key={g} class="row">
          <span class="grow">
            <CheckField
              label={site.value.groupTitle(g)}
              checked={!hidden.has(g)}
              onChange={(on) => setGroup(g, on)}
            />
          </span>
          <span class="hint">{n}</span>
        </li>
      ))}
      <li class="hint">{drawn.value}</li>
    </>
  );
}

export function LayersPanel({ view, data }: { view: MapView | null; data: MapData | null }) {
  if (!panelOpen.value) {
    return (
      <button
        type="button"
        class="btn layers-open"
        aria-expanded="false"
        onClick={() => (panelOpen.value = true)}
      >
        {t('layers')} ▸
      </button>
    );
  }
  return (
    <aside class="layers panel" aria-label={t('layers')}>
      <header class="row">
        <h2 class="grow">{t('layers')}</h2>
        <button
          type="button"
          class="btn plain"
          aria-expanded="true"
          aria-label={t('layers.close')}
          onClick={() => (panelOpen.value = false)}
        >
          ◂
        </button>
      </header>
      <CheckField
        label={t('abnormal')}
        checked={onlyAbnormal.value}
        onChange={(on) => (onlyAbnormal.value = on)}
      />
      <h3>{t('group.live')}</h3>
      <ul>{view && <LiveGroups view={view} />}</ul>
      <h3>{t('group.base')}</h3>
      <ul>
        {view?.base.map((b) => (
          <LayerRow
            key={b.id}
            id={b.id}
            name={`${t(b.id)} ${b.features}`}
            layer={b.layer}
            hint={data ? t('load', { ms: Math.round(data.loadMs) }) : ''}
            on={layersOn.value[b.id] ?? true}
            onToggle={(on) => (layersOn.value = { ...layersOn.value, [b.id]: on })}
          />
        ))}
        {view &&
          app.layers.list
            .filter((l) => l.group === 'base')
            .map((l) => <FeatureLayer key={l.id} def={l} view={view} />)}
      </ul>
      {view && app.layers.list.some((l) => l.group !== 'base') && (
        <>
          <h3>{t('group.records')}</h3>
          <ul>
            {app.layers.list
              .filter((l) => l.group !== 'base')
              .map((l) => (
                <FeatureLayer key={l.id} def={l} view={view} />
              ))}
          </ul>
        </>
      )}
    </aside>
  );
}
