// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { lockByTalk } from './election';
import { type Channel, SharedStream, type Tabs } from './shared';
import type { LinkState } from './sse';

/** Tabs of one browser: messages reach all others, the lock goes to whoever waits longest. */
class Browser {
  private readonly channels: { name: string; c: Channel }[] = [];
  private readonly waiting: { signal: AbortSignal; f: () => Promise<void>; gone: boolean }[] = [];
  private held = false;

  private next(): void {
    const w = this.held ? undefined : this.waiting.shift();
    if (!w) return;
    this.held = true;
    void w.f().then(() => {
      this.held = false;
      this.next();
    });
  }

  tabs(deaf = () => false): Tabs {
    return {
      channel: (name) => {
        const c: Channel = {
          onmessage: null,
          postMessage: (m) => {
            if (deaf()) return;
            const others = this.channels.filter((o) => o.name === name && o.c !== c);
            for (const o of others) o.c.onmessage?.({ data: structuredClone(m) as never });
          },
          close: () => {
            const i = this.channels.findIndex((o) => o.c === c);
            if (i >= 0) this.channels.splice(i, 1);
          },
        };
        this.channels.push({ name, c });
        return c;
      },
      lock: (_, signal, f) =>
        new Promise((_done, reject) => {
          const w = { signal, f, gone: false };
          signal.addEventListener('abort', () => {
            const i = this.waiting.indexOf(w);
            if (i >= 0) this.waiting.splice(i, 1);
            reject(new Error('aborted'));
          });
          this.waiting.push(w);
          queueMicrotask(() => this.next());
        }),
    };
  }
}

/** The same without locks of the browser's own. */
class Talkers extends Browser {
  override tabs(deaf = () => false): Tabs {
    const { channel } = super.tabs(deaf);
    return { channel, lock: lockByTalk(channel) };
  }
}

interface Line {
  lastId: string;
  send: (type: string, data: unknown, id?: number) => void;
  end: () => void;
}

let lines: Line[] = [];

/** A server whose streams the test writes; `lines` are those that are open. */
function server() {
  vi.stubGlobal('fetch', (_: string, init: RequestInit) => {
    const headers = init.headers as Record<string, string>;
    const body = new ReadableStream<Uint8Array>({
      start(c) {
        const line: Line = {
          lastId: headers['Last-Event-ID'] ?? '',
          send: (type, data, id) =>
            c.enqueue(
              new TextEncoder().encode(
                `${id ? `id: ${id}\n` : ''}event: ${type}\ndata: ${JSON.stringify(data)}\n\n`,
              ),
            ),
          end: () => {
            lines = lines.filter((l) => l !== line);
            c.error(new Error('ended'));
          },
        };
        lines.push(line);
        init.signal?.addEventListener('abort', line.end);
      },
    });
    return Promise.resolve({ ok: true, status: 200, body });
  });
}

function tab(browser: Browser, deaf?: () => boolean) {
  const got: [string, unknown][] = [];
  const states: LinkState[] = [];
  const stream = new SharedStream(
    () => 'stream',
    {
      event: (type, data) => got.push([type, data]),
      state: (s) => states.push(s),
      now: () => [['live', 'all']],
    },
    browser.tabs(deaf),
  );
  stream.open('kt-stream-wang');
  return { got, states, stream };
}

const settle = (ms = 20) => vi.advanceTimersByTimeAsync(ms);

beforeEach(() => {
  vi.useFakeTimers();
  lines = [];
  server();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('the event stream of a browser', () => {
  it('is one however many tabs are open; one that joins is told the present', async () => {
    const browser = new Browser();
    const a = tab(browser);
    await settle();
    const b = tab(browser);
    const c = tab(browser);
    await settle();
    expect([a, b, c].map((x) => x.stream.part)).toEqual(['leader', 'follower', 'follower']);
    expect(lines.length).toBe(1);
    expect(b.got).toContainEqual(['live', 'all']);
    lines[0]!.send('alarm', { id: 7 }, 41);
    await settle();
    for (const x of [a, b, c]) expect(x.got.at(-1)).toEqual(['alarm', { id: 7 }]);
    expect(c.states.at(-1)).toBe('up');
  });

  it('goes on in another tab when the first closes, from the last event', async () => {
    const browser = new Browser();
    const a = tab(browser);
    await settle();
    const b = tab(browser);
    const c = tab(browser);
    await settle();
    lines[0]!.send('alarm', { id: 7 }, 41);
    await settle();
    a.stream.close();
    await settle();
    expect(b.stream.part).toBe('leader');
    expect(lines.map((l) => l.lastId)).toEqual(['41']);
    lines[0]!.send('alarm', { id: 8 }, 42);
    await settle();
    for (const x of [b, c]) expect(x.got.at(-1)).toEqual(['alarm', { id: 8 }]);
    b.stream.close();
    c.stream.close();
    await settle();
    expect(lines.length).toBe(0);
  });

  it('is each tab its own while the leader says nothing, and one again when it does', async () => {
    const browser = new Browser();
    let deaf = false;
    tab(browser, () => deaf);
    await settle();
    const b = tab(browser);
    await settle();
    const clock = setInterval(() => {
      for (const l of lines) l.send('clock', { now: 1 });
    }, 1000);
    await settle(3000);
    expect(b.stream.part).toBe('follower');
    deaf = true;
    await settle(5000);
    expect(b.stream.part).toBe('solo');
    expect(lines.length).toBe(2);
    expect(b.got.at(-1)).toEqual(['clock', { now: 1 }]);
    deaf = false;
    await settle(1500);
    expect(b.stream.part).toBe('follower');
    expect(lines.length).toBe(1);
    clearInterval(clock);
  });

  it('says a lost line in every tab', async () => {
    const browser = new Browser();
    tab(browser);
    await settle();
    const b = tab(browser);
    lines[0]!.send('hello', {});
    await settle();
    lines[0]!.end();
    await settle();
    expect(b.states.at(-1)).toBe('down');
  });

  it('is one a tab where tabs share nothing', async () => {
    const s = new SharedStream(
      () => 'stream',
      { event: () => undefined, state: () => undefined, now: () => [] },
      null,
    );
    s.open('x');
    await settle();
    expect([s.part, lines.length]).toEqual(['alone', 1]);
  });

  it('is one where tabs have to agree, and goes on in the one that has waited longest', async () => {
    const browser = new Talkers();
    const tabs = [tab(browser), tab(browser)];
    await settle(5);
    tabs.push(tab(browser));
    await settle(2000);
    expect(tabs.map((x) => x.stream.part).sort()).toEqual(['follower', 'follower', 'leader']);
    expect(lines.length).toBe(1);
    lines[0]!.send('alarm', { id: 7 }, 41);
    await settle();
    for (const x of tabs) expect(x.got.at(-1)).toEqual(['alarm', { id: 7 }]);
    const first = tabs.find((x) => x.stream.part === 'leader')!;
    first.stream.close();
    await settle(1000);
    const left = tabs.filter((x) => x !== first);
    expect(left.map((x) => x.stream.part).sort()).toEqual(['follower', 'leader']);
    expect(lines.map((l) => l.lastId)).toEqual(['41']);
    for (const x of left) x.stream.close();
    await settle();
    expect(lines.length).toBe(0);
  });

  it('has one leader again when two led who did not hear each other', async () => {
    const browser = new Talkers();
    let deaf = true;
    const [a, b] = [tab(browser, () => deaf), tab(browser, () => deaf)];
    await settle(1000);
    expect([a.stream.part, b.stream.part]).toEqual(['leader', 'leader']);
    deaf = false;
    const c = tab(browser); // asks, and both answer
    await settle(3000);
    expect([a, b, c].map((x) => x.stream.part).sort()).toEqual(['follower', 'follower', 'leader']);
    expect(lines.length).toBe(1);
  });
});
