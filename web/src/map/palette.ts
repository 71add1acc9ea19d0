// SPDX-License-Identifier: Apache-2.0
/** Colours of the canvas layers: from tokens on the screen, a set of its own for paper. */
export interface Palette {
  field: string;
  road: string;
  roadEdge: string;
  area: string;
  goaf: string;
  text: string;
  text2: string;
  line: string;
  halo: string;
  outline: string;
  focus: string;
  running: string;
  stopped: string;
}

export function screenPalette(): Palette {
  const css = getComputedStyle(document.documentElement);
  const v = (n: string) => css.getPropertyValue(n).trim();
  return {
    field: v('--field'),
    road: v('--map-road'),
    roadEdge: v('--map-road-edge'),
    area: v('--map-area'),
    goaf: v('--map-goaf'),
    text: v('--text'),
    text2: v('--text2'),
    line: v('--line'),
    halo: v('--map-halo'),
    outline: v('--outline'),
    focus: v('--focus'),
    running: v('--running'),
    stopped: v('--stopped'),
  };
}

export const PAPER: Palette = {
  field: '#ffffff',
  road: '#d9dcdf',
  roadEdge: '#4a4f55',
  area: '#f0f1f2',
  goaf: '#e2e4e6',
  text: '#000000',
  text2: '#333333',
  line: '#555555',
  halo: '#ffffff',
  outline: '#000000',
  focus: '#0b5cad',
  running: '#ffffff',
  stopped: '#555555',
};

/** The severity fills, the same on every ground; shape and digit go with them. */
export const FILLS: Record<number, { fill: string; glyph: string }> = {
  1: { fill: '#C8102E', glyph: '#fff' },
  2: { fill: '#FF8C1A', glyph: '#000' },
  3: { fill: '#FFE14D', glyph: '#000' },
  4: { fill: '#4DA6FF', glyph: '#000' },
};
export const FAULT = { fill: '#8A3FD1', glyph: '#fff' };
