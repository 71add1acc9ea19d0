// SPDX-License-Identifier: Apache-2.0
/**
 * A world is one present: values, alarms and outputs at one moment. There are two: `live`, which
 * never stops, and `past`, which a replay fills. Screens read `world`; the strip reads `live`.
 *
 * Invariant: no request is ever made from `past`; canAct is false while it is shown.
 */
import { batch, computed, signal } from '@preact/signals';
import { AlarmBook } from './alarms';
import { api, url } from './client';
import type {
  Alarm,
  ClockEvent,
  Command,
  LiveTuple,
  NodeState,
  Outcome,
  Output,
  ReplayState,
} from './model';
import { PointTable } from './points';
import { SharedStream } from './shared';
import { showSiteOf } from './site';
import { type LinkState, Stream } from './sse';

type Listener = (data: unknown) => void;

/** Title of a drill; a blank where it has none, empty for no drill. */
function drillText(d: boolean | string | null): string {
  return d ? String(d === true ? ' ' : d) : '';
}

export class World {
  readonly points = new PointTable();
  readonly alarms = new AlarmBook();
  readonly outputs = signal<ReadonlyMap<string, Output>>(new Map());
  readonly commands = signal<ReadonlyMap<string, Command>>(new Map());
  /** The engine's time: what the screen's clock shows. */
  readonly now = signal(0);
  readonly lagMs = signal(0);
  /** Speed of a simulated plant, as it is and as asked; rounded, 0 when it goes as time goes. */
  readonly plantRate = signal(0);
  readonly plantAsked = signal(0);
  readonly drill = signal<string>('');
  readonly failed = signal(false);
  /** Which of several nodes answers; null: it is alone. */
  readonly node = signal<NodeState | null>(null);
  readonly link = signal<LinkState>('idle');
  /**
   * performance.now() of the last clock event; silence is measured from it. Other events do not
   * count: a server that takes connections while its engine stands still must show as lost.
   */
  lastEventAt = 0;
  private readonly listeners = new Map<string, Set<Listener>>();

  constructor(readonly kind: 'live' | 'past') {}

  /** Hears events of the stream by type: "outcome", "command", "card", "site" … */
  on(type: string, f: Listener): () => void {
    const set = this.listeners.get(type) ?? new Set();
    this.listeners.set(type, set.add(f));
    return () => set.delete(f);
  }

  private tell(type: string, data: unknown): void {
    for (const f of this.listeners.get(type) ?? []) f(data);
  }

  event(type: string, data: unknown): void {
    if (type === 'clock' || this.lastEventAt === 0) this.lastEventAt = performance.now();
    batch(() => {
      if (type === 'live') this.points.apply((data as { p: LiveTuple[] }).p);
      else if (type === 'alarm') this.alarms.apply(data as Alarm);
      else if (type === 'command') this.command(data as Command);
      else if (type === 'clock') this.clock(data as ClockEvent);
      else if (type === 'outcome') this.outcome(data as Outcome);
      this.tell(type, data);
      if (type === 'outcome') this.tell((data as Outcome).type, data);
    });
  }

  private outcome(o: Outcome): void {
    if (o.type !== 'drill') return;
    if (o.change === 'start') this.drill.value = drillText(String(o.title ?? '') || true);
    else if (o.change === 'stop') this.drill.value = '';
  }

  private clock(c: ClockEvent): void {
    this.now.value = c.engine ?? c.now;
    this.failed.value = c.failed ?? false;
    this.node.value = c.cluster ?? null;
    this.lagMs.value = c.lag_ms ?? 0;
    this.plantRate.value = Math.round(c.rate ?? 0);
    this.plantAsked.value = Math.round(c.asked ?? 0);
    if (c.drill !== undefined) this.drill.value = drillText(c.drill);
  }

  private command(c: Command): void {
    this.commands.value = new Map(this.commands.value).set(c.output, c);
    const known = this.outputs.value.get(c.output);
    if (!known) return;
    const done = c.state === 'readback' || c.state === 'proved';
    const next = { ...known, command: c, ...(done ? { value: c.value } : {}) };
    this.outputs.value = new Map(this.outputs.value).set(c.output, next);
  }

  setOutputs(list: readonly Output[]): void {
    this.outputs.value = new Map(list.map((o) => [o.output, o]));
  }
}

export const live = new World('live');
export const past = new World('past');

export const replaying = signal(false);
export const world = computed(() => (replaying.value ? past : live));
/** No word from the server for LOST_MS: nothing on the screen may be taken for the present. */
export const lost = signal(false);
export const lostSince = signal(0);
export const canAct = computed(() => !replaying.value && !lost.value && live.link.value === 'up');
export const LOST_MS = 5000;

/** To be called twice a second with performance.now(). */
export function checkLine(now: number): void {
  const silent = live.lastEventAt > 0 ? now - live.lastEventAt : 0;
  const is = silent > LOST_MS || (live.link.value === 'down' && live.lastEventAt === 0);
  if (is === lost.value) return;
  if (is) lostSince.value = Date.now() - silent;
  lost.value = is;
}

const liveStream = new SharedStream(() => url('/stream'), {
  event: onLive,
  now: () => [
    ['live', { p: live.points.all() }],
    ['hello', { now: live.now.peek() }],
  ],
  state: (s) => {
    live.link.value = s;
  },
  // asking who is here makes the client say that the session has ended
  unauthorised: () => void api.get('/me').catch(() => undefined),
});

function onLive(type: string, data: unknown): void {
  if (type === 'hello') {
    const h = data as { now: number; clock?: string };
    if (live.now.value === 0) live.now.value = h.now;
    void refreshLive();
  }
  live.event(type, data);
}

const OPEN_STATES = ['active', 'shelved', 'suppressed', 'oos'] as const;

/** The lists that the stream then keeps up to date. */
export async function refreshLive(): Promise<void> {
  const lists = OPEN_STATES.map((state) => api.all<Alarm>('/alarms', { state, limit: 1000 }));
  const [outputs, ...alarms] = await Promise.all([
    api.all<Output>('/outputs').catch(() => [] as Output[]),
    ...lists,
  ]);
  batch(() => {
    live.alarms.replace(alarms.flat());
    live.setOutputs(outputs);
  });
}

/** The stream of this person, one for all tabs of the browser. */
export function openLive(user: string): void {
  liveStream.open(`kt-stream-${user}`);
}

export function closeLive(): void {
  liveStream.close();
}

// --- the past -------------------------------------------------------------------------------

/** Who was below then (GET /personnel has its shape); null: nothing is told of it. */
export const pastPeople = signal<unknown>(null);
export const pastIncidents = signal<unknown>([]);
/** Calls and broadcasts of then, oldest first. */
export const pastTalks = signal<unknown>([]);
export const replayAt = signal(0);
export const replaySpeed = signal(1);
export const replayPlaying = signal(false);
/** Why the past cannot be shown, in the server's words. */
export const replayError = signal('');

let seekNumber = 0;

const pastStream = new Stream(
  () => url('/replay/stream', { at: Math.round(replayAt.value), speed: replaySpeed.value }),
  {
    event: (type, data) => {
      if (!replaying.value) return;
      if (type === 'state') showState(data as ReplayState);
      else if (type === 'failed') replayError.value = String((data as { text?: string }).text);
      else if (type === 'people') pastPeople.value = (data as { people: unknown }).people;
      else if (type === 'incidents') pastIncidents.value = (data as { items: unknown }).items;
      else past.event(type, data);
      if (type === 'clock') replayAt.value = past.now.value;
    },
    state: (s) => {
      past.link.value = s;
    },
  },
  false,
);

function showState(s: ReplayState): void {
  batch(() => {
    showSiteOf(s.site);
    past.points.clear();
    past.points.apply(s.live);
    past.alarms.replace(s.alarms);
    past.setOutputs(s.outputs);
    pastPeople.value = s.people ?? null;
    pastIncidents.value = s.incidents ?? [];
    pastTalks.value = s.talks ?? [];
    past.now.value = s.at;
    replayError.value = '';
  });
}

async function seek(at: number): Promise<void> {
  const mine = ++seekNumber;
  try {
    const s = await api.get<ReplayState>('/replay', { at: Math.round(at) });
    if (mine !== seekNumber || !replaying.value) return;
    showState(s);
  } catch (e) {
    if (mine === seekNumber) replayError.value = e instanceof Error ? e.message : String(e);
  }
}

/** Shows the moment `at`; with `play`, goes on from there at replaySpeed. */
export async function showPast(at: number, play = replayPlaying.value): Promise<void> {
  pastStream.close();
  batch(() => {
    replaying.value = true;
    replayAt.value = at;
    replayPlaying.value = play;
  });
  seekNumber += 1;
  if (play) pastStream.open();
  else await seek(at);
}

export function playPast(on: boolean): void {
  replayPlaying.value = on;
  pastStream.close();
  if (on) pastStream.open();
}

export function setReplaySpeed(speed: number): void {
  replaySpeed.value = Math.min(3600, Math.max(0.1, speed));
  if (replaying.value && replayPlaying.value) {
    pastStream.close();
    pastStream.open();
  }
}

export function backToLive(): void {
  pastStream.close();
  seekNumber += 1;
  batch(() => {
    showSiteOf();
    replaying.value = false;
    replayPlaying.value = false;
    replayError.value = '';
  });
}
