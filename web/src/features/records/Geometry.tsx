// SPDX-License-Identifier: Apache-2.0
/** A geometry drawn on the mine's map, or typed as coordinates: the same thing in two ways. */
import { signal } from '@preact/signals';
import GeoJSON from 'ol/format/GeoJSON';
import type Geometry from 'ol/geom/Geometry';
import Draw from 'ol/interaction/Draw';
import Modify from 'ol/interaction/Modify';
import VectorLayer from 'ol/layer/Vector';
import VectorSource from 'ol/source/Vector';
import CircleStyle from 'ol/style/Circle';
import Fill from 'ol/style/Fill';
import Stroke from 'ol/style/Stroke';
import Style from 'ol/style/Style';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Field } from '../../api/room';
import { pick } from '../../app/i18n';
import { loadMap, MapView } from '../../map/view';
import { Dialog } from '../../ui/Dialog';
import { AreaField, SelectField } from '../../ui/Field';
import { errorText } from '../../ui/Toast';
import { type Kind, type Shape, shapeOf, textOf } from './shape';
import { t } from './texts';

const format = new GeoJSON();
const KINDS: Record<string, Kind> = {
  point: 'Point',
  line: 'LineString',
  linestring: 'LineString',
  polygon: 'Polygon',
};

function styled(): Style {
  const color = getComputedStyle(document.documentElement).getPropertyValue('--focus').trim();
  return new Style({
    stroke: new Stroke({ color, width: 2.5 }),
    fill: new Fill({ color: 'rgba(110,119,129,0.25)' }),
    image: new CircleStyle({ radius: 6, fill: new Fill({ color }) }),
  });
}

class Pen {
  readonly source = new VectorSource();
  private draw: Draw | null = null;

  constructor(
    private readonly view: MapView,
    private readonly tell: (g: Shape | null) => void,
  ) {
    view.map.addLayer(new VectorLayer({ source: this.source, style: styled(), zIndex: 70 }));
    const modify = new Modify({ source: this.source });
    modify.on('modifyend', () => this.say());
    view.map.addInteraction(modify);
  }

  private say(): void {
    const g = this.source.getFeatures()[0]?.getGeometry();
    this.tell(g ? (format.writeGeometryObject(g, { decimals: 2 }) as unknown as Shape) : null);
  }

  show(g: Shape | null): void {
    this.source.clear();
    if (g)
      this.source.addFeature(
        format.readFeature({ type: 'Feature', geometry: g, properties: {} }) as never,
      );
  }

  start(kind: Kind): void {
    if (this.draw) this.view.map.removeInteraction(this.draw);
    const draw = new Draw({ source: this.source, type: kind, style: styled() });
    draw.on('drawstart', () => this.source.clear());
    draw.on('drawend', () => setTimeout(() => this.say()));
    this.view.map.addInteraction(draw);
    this.draw = draw;
  }

  extent() {
    return (this.source.getFeatures()[0]?.getGeometry() as Geometry | undefined)?.getExtent();
  }
}

interface Props {
  f: Field;
  value: unknown;
  onSet: (g: Shape | null) => void;
  onClose: () => void;
}

const NO_FILTER = signal({ hidden: new Set<string>(), onlyAbnormal: true, names: false });
const NO_MARKS = signal<ReadonlySet<string>>(new Set());

export default function GeometryDialog({ f, value, onSet, onClose }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const pen = useRef<Pen | null>(null);
  const kinds = (f.kinds ?? ['point', 'line', 'polygon']).map((k) => KINDS[k] ?? 'Point');
  const start = value as Shape | null;
  const [kind, setKind] = useState<Kind>(start?.type ?? kinds[0]!);
  const [text, setText] = useState(textOf(start));
  const [error, setError] = useState('');

  useEffect(() => {
    let view: MapView | null = null;
    let gone = false;
    loadMap().then(
      (d) => {
        if (gone || !host.current) return;
        view = new MapView(host.current, d, {
          filter: NO_FILTER,
          marked: NO_MARKS,
          interactive: true,
        });
        pen.current = new Pen(view, (g) => setText(textOf(g)));
        pen.current.show(start);
        pen.current.start(kind);
        const e = pen.current.extent();
        if (e) view.fit([e[0]! - 120, e[1]! - 120, e[2]! + 120, e[3]! + 120]);
      },
      (e: unknown) => !gone && setError(errorText(e)),
    );
    return () => {
      gone = true;
      view?.dispose();
    };
  }, []);
  useEffect(() => pen.current?.start(kind), [kind]);

  function typed(next: string) {
    setText(next);
    const [g, wrong] = shapeOf(kind, next);
    setError(wrong);
    if (!wrong) pen.current?.show(g);
  }
  function take() {
    const [g, wrong] = shapeOf(kind, text);
    setError(wrong);
    if (wrong) return;
    onSet(g);
    onClose();
  }
  return (
    <Dialog
      class="rr-drawing"
      title={t('draw', { title: pick(f.title) })}
      onClose={onClose}
      footer={
        <>
          <button type="button" class="btn" onClick={onClose}>
            {t('cancel')}
          </button>
          <button type="button" class="btn primary" onClick={take}>
            {t('draw.take')}
          </button>
        </>
      }
    >
      <div ref={host} class="rr-draw-map" role="application" aria-label={t('draw.map')} />
      <div class="rr-draw-side stack">
        <SelectField
          label={t('draw.kind')}
          value={kind}
          options={kinds.map((k) => ({ id: k, title: t(`draw.${k}`) }))}
          onChange={(k) => setKind(k as Kind)}
        />
        <AreaField
          label={t('draw.text')}
          hint={t('draw.hint')}
          rows={8}
          value={text}
          onInput={typed}
        />
        {error && (
          <p class="rg-error" role="alert">
            {error}
          </p>
        )}
      </div>
    </Dialog>
  );
}
