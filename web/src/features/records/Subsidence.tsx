// SPDX-License-Identifier: Apache-2.0
/** How the ground will move above a face: lines of equal value on the map, with its backfill and without. */
import { signal } from '@preact/signals';
import type Feature from 'ol/Feature';
import GeoJSON from 'ol/format/GeoJSON';
import VectorLayer from 'ol/layer/Vector';
import VectorSource from 'ol/source/Vector';
import Stroke from 'ol/style/Stroke';
import Style from 'ol/style/Style';
import { useEffect, useRef, useState } from 'preact/hooks';
import { url } from '../../api/client';
import { type Record_, type Register, recordPath } from '../../api/room';
import { num, unitSign } from '../../app/format';
import { loadMap, MapView } from '../../map/view';
import { useRead } from '../../records/use';
import { SelectField } from '../../ui/Field';
import { errorText } from '../../ui/Toast';
import { QUANTITIES, type Quantity } from './subside';
import { featuresOf, type Line, styleOf } from './subsideLayer';
import { t } from './texts';

const format = new GeoJSON();
const NO_FILTER = signal({ hidden: new Set<string>(), onlyAbnormal: true, names: false });
const NO_MARKS = signal<ReadonlySet<string>>(new Set());

interface Extreme {
  high: number;
  low?: number;
}

interface Answer {
  quantity: Quantity;
  unit: string;
  filled: boolean;
  greatest: Extreme;
  greatest_filled?: Extreme;
  features: Line[];
}

function outlineStyle(): Style {
  const color = getComputedStyle(document.documentElement).getPropertyValue('--text').trim();
  return new Style({ stroke: new Stroke({ color, width: 2 }) });
}

function show(source: VectorSource, a: Answer, shape: unknown): void {
  source.clear();
  source.addFeatures(featuresOf(a.features));
  if (shape) {
    const f = format.readFeature({ type: 'Feature', properties: {}, geometry: shape }) as Feature;
    f.setStyle(outlineStyle());
    source.addFeature(f);
  }
}

function Greatest({ a, e, name }: { a: Answer; e: Extreme; name: string }) {
  return (
    <p>
      {name}{' '}
      <b>
        {num(e.high, 2)} {a.unit}
      </b>
      {e.low !== undefined && ` / ${num(e.low, 2)} ${a.unit}`}
    </p>
  );
}

function Legend({ a }: { a: Answer }) {
  const levels = [...new Set(a.features.map((f) => f.properties.level))].sort((x, y) => x - y);
  return (
    <section class="stack" aria-label={t('sub.legend')}>
      <h3>{t('sub.legend')}</h3>
      <Greatest a={a} e={a.greatest} name={t('sub.bare')} />
      {a.greatest_filled ? (
        <Greatest a={a} e={a.greatest_filled} name={t('sub.filled')} />
      ) : (
        <p class="hint">{t('sub.nofill')}</p>
      )}
      <p>
        <span class="rr-sub-line bare" /> {t('sub.bare')} <span class="rr-sub-line filled" />{' '}
        {t('sub.filled')}
      </p>
      <p class="hint">{t('sub.levels', { levels: levels.join('、'), unit: unitSign(a.unit) })}</p>
    </section>
  );
}

export default function Subsidence({ r, rec }: { r: Register; rec: Record_ }) {
  const [quantity, setQuantity] = useState<string>('sink');
  const host = useRef<HTMLDivElement>(null);
  const source = useRef(new VectorSource());
  const view = useRef<MapView | null>(null);
  const [ready, setReady] = useState(false);
  const [error, setError] = useState('');
  const path = `${recordPath(r.id, rec.id)}/subsidence`;
  const read = useRead<Answer>(path, { quantity });
  const shapes = r.fields.filter((f) => f.type === 'geometry').map((f) => rec.fields[f.id]);
  useEffect(() => {
    let gone = false;
    loadMap().then(
      (d) => {
        if (gone || !host.current) return;
        view.current = new MapView(host.current, d, {
          filter: NO_FILTER,
          marked: NO_MARKS,
          interactive: true,
        });
        view.current.map.addLayer(
          new VectorLayer({ source: source.current, style: styleOf, zIndex: 70, declutter: true }),
        );
        setReady(true);
      },
      (e: unknown) => !gone && setError(errorText(e)),
    );
    return () => {
      gone = true;
      view.current?.dispose();
    };
  }, []);
  useEffect(() => {
    if (!read.data || !ready) return;
    show(source.current, read.data, shapes.find(Boolean));
    const e = source.current.getExtent();
    if (source.current.getFeatures().length && e)
      view.current?.fit(e as [number, number, number, number]);
  }, [read.data, ready]);
  const failed = error || read.error;
  return (
    <div class="rr-sub">
      <div ref={host} class="rr-sub-map" role="application" aria-label={t('sub.map')} />
      <div class="stack">
        <SelectField
          label={t('sub.quantity')}
          value={quantity}
          options={QUANTITIES.map((q) => ({ id: q, title: t(`sub.${q}`) }))}
          onChange={setQuantity}
        />
        {failed && (
          <p class="rg-error" role="alert">
            {failed}
          </p>
        )}
        {read.data && <Legend a={read.data} />}
        {read.data && (
          <a class="btn" download href={url(path, { quantity, format: 'dxf' })}>
            {t('sub.dxf')}
          </a>
        )}
        {read.data && (
          <a class="btn" download href={url(path, { quantity, format: 'gpkg' })}>
            {t('sub.gpkg')}
          </a>
        )}
        <p class="hint">{t('sub.method')}</p>
      </div>
    </div>
  );
}
