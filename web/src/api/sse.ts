// SPDX-License-Identifier: Apache-2.0
/**
 * Server-sent events over fetch: unlike EventSource it tells a refused login from a lost line and
 * resumes by Last-Event-ID after any failure. One Stream = one connection at most.
 */
import { after, cancel, type Timer } from './timers';

export interface SseEvent {
  type: string;
  data: string;
  id: string;
}

/** Feeds text in pieces of any size, gives whole events. Comments (lines from ":") are dropped. */
export class SseParser {
  private rest = '';
  private type = '';
  private data: string[] = [];
  lastId = '';

  constructor(private readonly emit: (e: SseEvent) => void) {}

  push(text: string): void {
    this.rest += text;
    let from = 0;
    for (let nl = this.rest.indexOf('\n', from); nl >= 0; nl = this.rest.indexOf('\n', from)) {
      const line = this.rest.slice(from, this.rest[nl - 1] === '\r' ? nl - 1 : nl);
      from = nl + 1;
      this.line(line);
    }
    this.rest = this.rest.slice(from);
  }

  private line(line: string): void {
    if (line === '') {
      if (this.data.length > 0) {
        this.emit({ type: this.type || 'message', data: this.data.join('\n'), id: this.lastId });
      }
      this.type = '';
      this.data = [];
      return;
    }
    const colon = line.indexOf(':');
    if (colon === 0) return;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') this.data.push(value);
    else if (field === 'event') this.type = value;
    else if (field === 'id') this.lastId = value;
  }
}

export type LinkState = 'idle' | 'connecting' | 'up' | 'down';

export interface StreamHandlers {
  event: (type: string, data: unknown) => void;
  /** The same event as it came, before `event`. */
  raw?: (e: SseEvent) => void;
  state: (s: LinkState) => void;
  unauthorised?: () => void;
}

const RETRY_MS = [500, 1000, 2000, 3000];
/** The server speaks each second (clock); silence for so long means the line is dead. */
const SILENCE_MS = 4000;

export class Stream {
  private abort: AbortController | null = null;
  private tries = 0;
  private retry: Timer | undefined;
  private watchdog: Timer | undefined;
  private closed = false;

  constructor(
    private readonly address: () => string,
    private readonly on: StreamHandlers,
    private readonly resume = true,
    private lastId = '',
  ) {}

  open(): void {
    this.closed = false;
    void this.run();
  }

  close(): void {
    this.closed = true;
    cancel(this.retry);
    cancel(this.watchdog);
    this.abort?.abort();
    this.abort = null;
    this.lastId = '';
    this.tries = 0;
    this.on.state('idle');
  }

  private feedWatchdog(): void {
    cancel(this.watchdog);
    this.watchdog = after(() => this.abort?.abort(), SILENCE_MS);
  }

  private async run(): Promise<void> {
    const abort = new AbortController();
    this.abort = abort;
    if (this.tries === 0) this.on.state('connecting');
    this.feedWatchdog();
    try {
      const headers: Record<string, string> = { Accept: 'text/event-stream' };
      if (this.resume && this.lastId) headers['Last-Event-ID'] = this.lastId;
      const res = await fetch(this.address(), {
        headers,
        credentials: 'same-origin',
        cache: 'no-store',
        signal: abort.signal,
      });
      if (res.status === 401) {
        this.close();
        this.on.unauthorised?.();
        return;
      }
      if (!res.ok || !res.body) throw new Error(`stream: HTTP ${res.status}`);
      await this.read(res.body.getReader());
    } catch {
      // lost or refused: falls through to the next try
    }
    if (this.closed || this.abort !== abort) return;
    cancel(this.watchdog);
    this.on.state('down');
    const wait = RETRY_MS[Math.min(this.tries, RETRY_MS.length - 1)]!;
    this.tries += 1;
    this.retry = after(() => void this.run(), wait);
  }

  private async read(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    const parser = new SseParser((e) => {
      if (e.id) this.lastId = e.id;
      this.on.raw?.(e);
      this.on.event(e.type, JSON.parse(e.data));
    });
    let first = true;
    for (;;) {
      const { done, value } = await reader.read();
      if (done || this.closed) return;
      if (first) this.on.state('up');
      first = false;
      this.tries = 0;
      this.feedWatchdog();
      parser.push(decoder.decode(value, { stream: true }));
    }
  }
}
