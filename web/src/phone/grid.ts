// SPDX-License-Identifier: Apache-2.0
/** Longitude and latitude to the site's plane grid: CGCS2000 in Gauss-Krüger zones of 3 and 6 degrees. */
const A = 6378137;
const F = 1 / 298.257222101;

interface Zone {
  /** Central meridian in degrees. */
  cm: number;
  easting: number;
}

/** EPSG 4491–4554; null for a grid of the mine's own, which only its surveyors know. */
export function zoneOf(epsg: number | undefined): Zone | null {
  if (!epsg) return null;
  if (epsg >= 4491 && epsg <= 4501)
    return { cm: 75 + 6 * (epsg - 4491), easting: (epsg - 4491 + 13) * 1e6 + 5e5 };
  if (epsg >= 4502 && epsg <= 4512) return { cm: 75 + 6 * (epsg - 4502), easting: 5e5 };
  if (epsg >= 4513 && epsg <= 4533)
    return { cm: 75 + 3 * (epsg - 4513), easting: (epsg - 4513 + 25) * 1e6 + 5e5 };
  if (epsg >= 4534 && epsg <= 4554) return { cm: 75 + 3 * (epsg - 4534), easting: 5e5 };
  return null;
}

/** [east, north] in metres; the series of Krüger, good to a millimetre within a zone. */
export function toGrid(lon: number, lat: number, z: Zone): [number, number] {
  const n = F / (2 - F);
  const n2 = n * n;
  const a1 = (A / (1 + n)) * (1 + n2 / 4 + (n2 * n2) / 64);
  const alpha = [
    n / 2 - (2 / 3) * n2 + (5 / 16) * n2 * n,
    (13 / 48) * n2 - (3 / 5) * n2 * n,
    (61 / 240) * n2 * n,
  ];
  const phi = (lat * Math.PI) / 180;
  const lam = ((lon - z.cm) * Math.PI) / 180;
  const c = (2 * Math.sqrt(n)) / (1 + n);
  const s = Math.sin(phi);
  const tau = Math.sinh(Math.atanh(s) - c * Math.atanh(c * s));
  const xi = Math.atan2(tau, Math.cos(lam));
  const eta = Math.atanh(Math.sin(lam) / Math.sqrt(1 + tau * tau));
  let [x, y] = [eta, xi];
  alpha.forEach((a, i) => {
    const k = 2 * (i + 1);
    x += a * Math.cos(k * xi) * Math.sinh(k * eta);
    y += a * Math.sin(k * xi) * Math.cosh(k * eta);
  });
  return [z.easting + a1 * x, a1 * y];
}

/** Metres between two positions on the ground. */
export function metres(a: readonly [number, number], b: readonly [number, number]): number {
  const rad = Math.PI / 180;
  const dLat = (b[1] - a[1]) * rad;
  const dLon = (b[0] - a[0]) * rad * Math.cos(((a[1] + b[1]) / 2) * rad);
  return 6371008.8 * Math.hypot(dLat, dLon);
}
