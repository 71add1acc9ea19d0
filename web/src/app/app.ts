// SPDX-License-Identifier: Apache-2.0
/** What features fill and the shell shows. A feature exports install(app) and meets others only here. */
import type { ComponentType } from 'preact';
import type { MapLayerDef } from '../map/registry';
import { type Entry, Registry } from './registry';
import type { Target } from './selection';

export interface Screen extends Entry {
  /** First part of the hash: `#/<id>`. */
  title: () => string;
  /** One character in the rail at the left; none: the screen is not in the rail. */
  glyph?: string;
  /** Letter after `g`. */
  key?: string;
  right?: string;
  /** A number beside the glyph, 0 for none; `countTitle` says what it counts. */
  count?: () => number;
  countTitle?: () => string;
  /** The screen has a right pane of its own; the object card stays closed. */
  ownPane?: boolean;
  /** Pop-ups float over the screen instead of standing above it. */
  floatPopups?: boolean;
  /** Without strip, rail and time bar: the wall. */
  bare?: boolean;
  load: () => Promise<{ default: ComponentType }>;
}

/** Something that can be done with what is selected: shown on cards and menus, with its key. */
export interface Action extends Entry {
  title: () => string;
  key?: string;
  on: readonly Target['kind'][];
  when?: (t: Target) => boolean;
  /** Changes something at the mine: hidden in replay. */
  acts?: boolean;
  run: (t: Target) => void;
}

/** The view of a selected thing in the pane at the right. */
export interface CardView extends Entry {
  load: () => Promise<{ default: ComponentType<{ target: Target }> }>;
}

/** A further block on an object card, e.g. "记录" of a point. */
export interface CardSection extends Entry {
  title: () => string;
  on: readonly Target['kind'][];
  when?: (t: Target) => boolean;
  load: () => Promise<{ default: ComponentType<{ target: Target }> }>;
}

/** Drawn over every screen: dialogs that open by a signal of their own. */
export interface Overlay extends Entry {
  view: ComponentType;
}

/** What `/` finds besides points, places and screens. */
export interface Finder extends Entry {
  find: (q: string) => { title: string; hint?: string; run: () => void }[];
}

/** What happened, for the time bar: a mark at its moment, or over its span. */
export interface Marks extends Entry {
  title: () => string;
  right?: string;
  /** Another number: ask again, there is more. */
  version?: () => number;
  load: (from: number, to: number) => Promise<{ from: number; to: number; title: string }[]>;
}

export interface App {
  screens: Registry<Screen>;
  actions: Registry<Action>;
  cards: Registry<CardView>;
  sections: Registry<CardSection>;
  overlays: Registry<Overlay>;
  layers: Registry<MapLayerDef>;
  finders: Registry<Finder>;
  marks: Registry<Marks>;
}

export const app: App = {
  screens: new Registry<Screen>('screen'),
  actions: new Registry<Action>('action'),
  cards: new Registry<CardView>('card'),
  sections: new Registry<CardSection>('section'),
  overlays: new Registry<Overlay>('overlay'),
  layers: new Registry<MapLayerDef>('map layer'),
  finders: new Registry<Finder>('finder'),
  marks: new Registry<Marks>('marks'),
};

export type Install = (app: App) => void;
