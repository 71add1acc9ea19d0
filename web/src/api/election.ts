// SPDX-License-Identifier: Apache-2.0
/**
 * A lock among the tabs of a browser that talk to each other, for where the browser has none of its
 * own to give (plain HTTP from another machine). Who wants it asks; the holder answers at once, and of
 * several who ask the tab that has waited longest does. Who hears nobody has it.
 *
 * Invariant: two holders do not last. A tab that stood still may find the lock given to another one
 * meanwhile; the first word between the two takes it from the younger.
 */
import type { Channel, Tabs } from './shared';
import { after, cancel, type Timer } from './timers';

const ANSWER_MS = 300;
const ASK_MS = 1500;

type Word = { k: 'want' | 'held' | 'mine' | 'free'; id: string };

/** Ids in the order in which tabs began to wait. */
function newId(): string {
  return `${String(Date.now()).padStart(15, '0')}-${Math.random().toString(36).slice(2)}`;
}

class Waiter {
  private readonly id = newId();
  private readonly channel: Channel;
  private readonly lost = new AbortController();
  private timer: Timer | undefined;
  private holds = false;
  private refused = false;

  constructor(
    channel: Channel,
    private readonly f: (lost: AbortSignal) => Promise<void>,
    private readonly done: () => void,
  ) {
    this.channel = channel;
    channel.onmessage = (m) => this.hear(m.data);
  }

  ask(): void {
    cancel(this.timer);
    this.refused = false;
    this.say('want');
    this.timer = after(() => {
      if (this.refused) this.timer = after(() => this.ask(), ASK_MS);
      else this.take();
    }, ANSWER_MS);
  }

  end(): void {
    cancel(this.timer);
    this.channel.onmessage = null;
    if (this.holds) this.say('free');
    this.holds = false;
    this.channel.close();
    this.done();
  }

  private take(): void {
    this.holds = true;
    this.say('held');
    void this.f(this.lost.signal).then(() => this.end());
  }

  private say(k: Word['k']): void {
    this.channel.postMessage({ k, id: this.id });
  }

  private hear(w: Word): void {
    if (this.holds) {
      if (w.k === 'want' || (w.k === 'held' && w.id > this.id)) this.say('held');
      else if (w.k === 'held') this.lost.abort();
    } else if (w.k === 'want') {
      if (w.id > this.id) this.say('mine');
      else this.refused = true;
    } else if (w.k === 'free') this.ask();
    else if (w.k === 'held' || w.id < this.id) this.refused = true;
  }
}

/** What `navigator.locks.request` does, and one thing more: `lost` ends when the lock is taken away. */
export function lockByTalk(open: (name: string) => Channel): Tabs['lock'] {
  return (name, signal, f) =>
    new Promise((resolve, reject) => {
      const w = new Waiter(open(`${name}-lock`), f, () => resolve(undefined));
      signal.addEventListener('abort', () => {
        w.end();
        reject(new Error('given up'));
      });
      w.ask();
    });
}
