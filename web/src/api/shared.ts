// SPDX-License-Identifier: Apache-2.0
/**
 * One event stream a browser: of all tabs of one person the one that holds the lock reads the stream
 * and hands every event on; the others follow it. When it closes, the browser gives the lock to the
 * next, which goes on where the last event left off. Where locks are not to be had (plain HTTP from
 * another machine) the tabs agree among themselves (election.ts).
 *
 * Invariant: no tab depends on another for being current. One that hears nothing opens a stream of
 * its own until it hears a clock again.
 */
import { lockByTalk } from './election';
import { type LinkState, type SseEvent, Stream, type StreamHandlers } from './sse';
import { after, cancel, type Timer } from './timers';

/** The stream speaks each second; a tab that hands on nothing for so long stands still. */
const HEARD_MS = 3500;
/** While the server is away the leading tab speaks at each of its tries only. */
const DOWN_MS = 9000;

type Told = readonly [type: string, data: unknown];
type Message =
  | { k: 'join' }
  | { k: 'event'; e: SseEvent }
  | { k: 'state'; s: LinkState }
  | { k: 'now'; s: LinkState; lastId: string; events: readonly Told[] };

export interface Channel {
  onmessage: ((e: { data: never }) => void) | null;
  postMessage(m: unknown): void;
  close(): void;
}

/** What tabs share; null where the browser has none of it. */
export interface Tabs {
  channel: (name: string) => Channel;
  /** Runs `f` once the lock is this tab's, which it is until the promise of `f` ends, or `lost`. */
  lock: (
    name: string,
    signal: AbortSignal,
    f: (lost?: AbortSignal) => Promise<void>,
  ) => Promise<unknown>;
}

export function tabsOfBrowser(): Tabs | null {
  if (typeof BroadcastChannel === 'undefined') return null;
  const channel = (name: string) => new BroadcastChannel(name) as unknown as Channel;
  const locks = globalThis.navigator?.locks;
  return {
    channel,
    lock: locks
      ? (name, signal, f) => locks.request(name, { signal }, () => f())
      : lockByTalk(channel),
  };
}

export interface SharedHandlers extends StreamHandlers {
  /** Events that make a tab current which joins now. */
  now: () => readonly Told[];
}

export class SharedStream {
  /** `alone`: there are no other tabs to share with; `solo`: the leader does not speak. */
  part: 'closed' | 'alone' | 'leader' | 'follower' | 'solo' = 'closed';
  private stream: Stream | null = null;
  private channel: Channel | null = null;
  private state: LinkState = 'idle';
  private lastId = '';
  private watch: Timer | undefined;
  private abort: AbortController | null = null;
  private release: (() => void) | null = null;

  constructor(
    private readonly address: () => string,
    private readonly on: SharedHandlers,
    private readonly tabs: Tabs | null = tabsOfBrowser(),
  ) {}

  /** Streams are shared among those that open the same name. */
  open(name: string): void {
    this.close();
    if (!this.tabs) {
      this.part = 'alone';
      this.connect();
      return;
    }
    const channel = this.tabs.channel(name);
    channel.onmessage = (m) => this.hear(m.data);
    this.channel = channel;
    const abort = new AbortController();
    this.abort = abort;
    this.follow();
    this.tell('connecting');
    this.queue(this.tabs, name, abort.signal);
  }

  /** Leads when the lock is this tab's; follows again when it was taken away. */
  private queue(tabs: Tabs, name: string, closed: AbortSignal): void {
    const turn = (lost?: AbortSignal) =>
      new Promise<void>((release) => {
        if (closed.aborted) {
          release();
          return;
        }
        this.release = release;
        this.lead();
        lost?.addEventListener('abort', () => {
          if (closed.aborted) return;
          release();
          this.follow();
          this.queue(tabs, name, closed);
        });
      });
    tabs.lock(name, closed, turn).catch(() => undefined); // closed while it waited
  }

  close(): void {
    if (this.part === 'closed') return;
    this.part = 'closed';
    cancel(this.watch);
    this.abort?.abort();
    this.abort = null;
    this.disconnect();
    this.channel?.close();
    this.channel = null;
    this.release?.();
    this.release = null;
    this.lastId = '';
    this.tell('idle');
  }

  private lead(): void {
    cancel(this.watch);
    this.part = 'leader';
    if (this.stream) this.post({ k: 'state', s: this.state });
    else this.connect();
  }

  /** Asks the leader for the present and keeps an ear on it. */
  private follow(): void {
    this.part = 'follower';
    this.disconnect();
    this.post({ k: 'join' });
    this.listen();
  }

  private listen(): void {
    cancel(this.watch);
    const wait = this.state === 'down' ? DOWN_MS : HEARD_MS;
    this.watch = after(() => {
      this.part = 'solo';
      this.connect();
    }, wait);
  }

  private connect(): void {
    const stream: Stream = new Stream(
      this.address,
      {
        event: (type, data) => this.on.event(type, data),
        raw: (e) => {
          if (e.id) this.lastId = e.id;
          if (this.part === 'leader') this.post({ k: 'event', e });
        },
        state: (s) => {
          if (this.stream !== stream) return;
          this.tell(s);
          if (this.part === 'leader') this.post({ k: 'state', s });
        },
        unauthorised: () => this.on.unauthorised?.(),
      },
      true,
      this.lastId,
    );
    this.stream = stream;
    stream.open();
  }

  private disconnect(): void {
    const s = this.stream;
    this.stream = null;
    s?.close();
  }

  private tell(s: LinkState): void {
    this.state = s;
    this.on.state(s);
  }

  private post(m: Message): void {
    this.channel?.postMessage(m);
  }

  private hear(m: Message): void {
    if (this.part === 'leader') {
      if (m.k === 'join')
        this.post({ k: 'now', s: this.state, lastId: this.lastId, events: this.on.now() });
    } else if (this.part === 'follower') this.take(m);
    else if (this.part === 'solo' && m.k === 'event' && m.e.type === 'clock') this.follow();
  }

  private take(m: Message): void {
    if (m.k === 'join') return;
    if (m.k === 'event') {
      if (m.e.id) this.lastId = m.e.id;
      if (this.state !== 'up') this.tell('up');
      this.on.event(m.e.type, JSON.parse(m.e.data));
    } else {
      this.tell(m.s);
      if (m.k === 'now') {
        this.lastId = m.lastId;
        for (const [type, data] of m.events) this.on.event(type, data);
      }
    }
    this.listen();
  }
}
