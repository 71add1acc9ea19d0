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
