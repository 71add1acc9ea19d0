// SPDX-License-Identifier: Apache-2.0
/** A photo as it is kept and sent: made small, with its hash, place and time made on the phone. */
import { site } from '../api/site';
import * as db from './db';
import { toGrid, zoneOf } from './grid';
import type { Photo } from './sync';

const LONGEST = 1600;
const QUALITY = 0.85;
const FIX_MS = 8000;

export interface Where {
  lon: number;
  lat: number;
  accuracy: number;
  x?: number;
  y?: number;
}

/** On the site's grid where its grid is a known one. */
export function located(c: { longitude: number; latitude: number; accuracy: number }): Where {
  const zone = zoneOf(site.value.site.crs?.epsg);
  const [x, y] = zone ? toGrid(c.longitude, c.latitude, zone) : [];
  return {
    lon: c.longitude,
    lat: c.latitude,
    accuracy: c.accuracy,
    ...(x !== undefined && y !== undefined
      ? { x: Math.round(x * 100) / 100, y: Math.round(y * 100) / 100 }
      : {}),
  };
}

/** The place now, or null: underground there is none, and nothing is made up. */
export function whereNow(): Promise<Where | null> {
  return new Promise((done) => {
    if (!navigator.geolocation) return done(null);
    navigator.geolocation.getCurrentPosition(
      (p) => done(located(p.coords)),
      () => done(null),
      { enableHighAccuracy: true, timeout: FIX_MS, maximumAge: 30_000 },
    );
  });
}

async function small(file: Blob): Promise<Blob> {
  const image = await createImageBitmap(file).catch(() => null);
  if (!image) return file;
  const k = Math.min(1, LONGEST / Math.max(image.width, image.height));
  const c = document.createElement('canvas');
  c.width = Math.max(1, Math.round(image.width * k));
  c.height = Math.max(1, Math.round(image.height * k));
  c.getContext('2d')?.drawImage(image, 0, 0, c.width, c.height);
  image.close();
  const out = await new Promise<Blob | null>((r) => c.toBlob(r, 'image/jpeg', QUALITY));
  return out ?? file;
}

export async function sha256(blob: Blob): Promise<string> {
  const d = await crypto.subtle.digest('SHA-256', await blob.arrayBuffer());
  return [...new Uint8Array(d)].map((b) => b.toString(16).padStart(2, '0')).join('');
}

/** Keeps the photo on the phone and answers what a request says of it. */
export async function keepPhoto(file: File): Promise<Photo & { size: number; type: string }> {
  const taken = Date.now();
  const [blob, where] = await Promise.all([small(file), whereNow()]);
  const hash = await sha256(blob);
  const name = `${new Date(taken).toISOString().replace(/[:.]/g, '-').slice(0, 19)}.jpg`;
  const meta = { taken, ...(where ?? {}) };
  const photo: Photo = {
    hash,
    blob,
    name: blob.type === 'image/jpeg' ? name : file.name,
    meta,
    sent: '',
  };
  await db.put('photos', photo);
  return { ...photo, size: blob.size, type: blob.type || file.type };
}
