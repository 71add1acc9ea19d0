// SPDX-License-Identifier: Apache-2.0
/** Length and area on the plane grid: what the tape says, not a geodesic. */

import type LineString from 'ol/geom/LineString';
import type Polygon from 'ol/geom/Polygon';
import Draw from 'ol/interaction/Draw';
import VectorLayer from 'ol/layer/Vector';
import type OlMap from 'ol/Map';
import VectorSource from 'ol/source/Vector';
import CircleStyle from 'ol/style/Circle';
import Fill from 'ol/style/Fill';
import Stroke from 'ol/style/Stroke';
import Style from 'ol/style/Style';

export interface Measured {
  length_m: number;
  area_m2: number;
}

export class Measure {
  private readonly source = new VectorSource();
  private readonly layer: VectorLayer;
  private draw: Draw | null = null;

  constructor(
    private readonly map: OlMap,
    private readonly tell: (m: Measured | null) => void,
    color: string,
  ) {
    const style = new Style({
      stroke: new Stroke({ color, width: 2.5, lineDash: [8, 5] }),
      fill: new Fill({ color: 'rgba(110,119,129,0.2)' }),
      image: new CircleStyle({ radius: 4, fill: new Fill({ color }) }),
    });
    this.layer = new VectorLayer({ source: this.source, style, zIndex: 60 });
    map.addLayer(this.layer);
  }

  start(kind: 'LineString' | 'Polygon'): void {
    this.stop();
    this.source.clear();
    const draw = new Draw({ source: this.source, type: kind });
    draw.on('drawstart', (e) => {
      this.source.clear();
      e.feature.getGeometry()!.on('change', (c) => this.say(c.target as LineString | Polygon));
    });
    draw.on('drawend', (e) => this.say(e.feature.getGeometry() as LineString | Polygon));
    this.map.addInteraction(draw);
    this.draw = draw;
  }

  private say(g: LineString | Polygon): void {
    if (g.getType() === 'LineString')
      this.tell({ length_m: (g as LineString).getLength(), area_m2: 0 });
    else {
      const p = g as Polygon;
      const ring = p.getLinearRing(0);
      const c = ring?.getCoordinates() ?? [];
      let length = 0;
      for (let i = 1; i < c.length; i++)
        length += Math.hypot(c[i]![0]! - c[i - 1]![0]!, c[i]![1]! - c[i - 1]![1]!);
      this.tell({ length_m: length, area_m2: p.getArea() });
    }
  }

  stop(): void {
    if (this.draw) this.map.removeInteraction(this.draw);
    this.draw = null;
  }

  clear(): void {
    this.stop();
    this.source.clear();
    this.tell(null);
  }

  dispose(): void {
    this.clear();
    this.map.removeLayer(this.layer);
  }
}
