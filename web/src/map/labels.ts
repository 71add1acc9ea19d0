// SPDX-License-Identifier: Apache-2.0
/** Which labels fit: a grid of 8-px cells that text boxes claim, the most urgent first. */
const CELL = 8;

export class Occupancy {
  private readonly cells: Uint8Array;
  private readonly cols: number;
  private readonly rows: number;

  constructor(width: number, height: number) {
    this.cols = Math.ceil(width / CELL) + 1;
    this.rows = Math.ceil(height / CELL) + 1;
    this.cells = new Uint8Array(this.cols * this.rows);
  }

  /** No cell of the box is taken; false outside. */
  free(x: number, y: number, w: number, h: number): boolean {
    const c0 = Math.max(0, Math.floor(x / CELL));
    const r0 = Math.max(0, Math.floor(y / CELL));
    const c1 = Math.min(this.cols - 1, Math.floor((x + w) / CELL));
    const r1 = Math.min(this.rows - 1, Math.floor((y + h) / CELL));
    if (c1 < c0 || r1 < r0) return false;
    for (let r = r0; r <= r1; r++) {
      for (let c = c0; c <= c1; c++) if (this.cells[r * this.cols + c]) return false;
    }
    return true;
  }

  /** Claims the box if no cell of it is taken. */
  claim(x: number, y: number, w: number, h: number, force = false): boolean {
    const c0 = Math.max(0, Math.floor(x / CELL));
    const r0 = Math.max(0, Math.floor(y / CELL));
    const c1 = Math.min(this.cols - 1, Math.floor((x + w) / CELL));
    const r1 = Math.min(this.rows - 1, Math.floor((y + h) / CELL));
    if (c1 < c0 || r1 < r0 || (!force && !this.free(x, y, w, h))) return false;
    for (let r = r0; r <= r1; r++) this.cells.fill(1, r * this.cols + c0, r * this.cols + c1 + 1);
    return true;
  }
}

export interface Box {
  x: number;
  y: number;
  w: number;
  h: number;
}

const RINGS_PX = 24;
const RING_SPOTS = 16;

/**
 * Claims the free place nearest to (x, y) for a text of w × h, wholly inside `inside`; the middle of
 * its left edge. For what may never be left out: where nothing at all is free, null.
 */
export function nearestSpot(
  room: Occupancy,
  x: number,
  y: number,
  w: number,
  h: number,
  inside: Box,
): [number, number] | null {
  const far = Math.hypot(inside.w, inside.h);
  for (let r = RINGS_PX; r < far; r += RINGS_PX) {
    for (let n = 0; n < RING_SPOTS; n++) {
      const angle = (2 * Math.PI * n) / RING_SPOTS;
      const left = x + r * Math.cos(angle) - (Math.cos(angle) < 0 ? w : 0);
      const top = y + r * Math.sin(angle) - h / 2;
      if (left < inside.x || left + w > inside.x + inside.w) continue;
      if (top < inside.y || top + h > inside.y + inside.h) continue;
      if (room.claim(left, top, w, h)) return [left, top + h / 2];
    }
  }
  return null;
}
