// SPDX-License-Identifier: Apache-2.0
/**
 * Timers that go on while nobody looks. A browser slows the timers of a hidden tab down to one a
 * minute, those of a worker it does not: what an alarm's sound, the line and the clock wait for is
 * waited for there. Where no worker can be had, the page's own timers serve.
 */
export type Timer = number;

const waiting = new Map<Timer, () => void>();
let last = 0;
let worker: Worker | null | undefined;

function fire(id: Timer): void {
  const f = waiting.get(id);
  waiting.delete(id);
  f?.();
}

const ownTimer = (id: Timer, ms: number) => void setTimeout(() => fire(id), ms);

/** A worker that does not load: all that waits begins anew with timers of the page. */
function withoutWorker(): void {
  worker = null;
  for (const id of waiting.keys()) ownTimer(id, 0);
}

function theWorker(): Worker | null {
  if (worker !== undefined) return worker;
  if (typeof Worker === 'undefined') return (worker = null);
  const made = new Worker(new URL('./timers.worker.ts', import.meta.url), { type: 'module' });
  made.onmessage = (e: MessageEvent<Timer>) => fire(e.data);
  made.onerror = withoutWorker;
  return (worker = made);
}

/** Calls `f` once, ms from now. */
export function after(f: () => void, ms: number): Timer {
  const id = ++last;
  const w = theWorker();
  waiting.set(id, f);
  if (w) w.postMessage([id, ms]);
  else ownTimer(id, ms);
  return id;
}

export function cancel(id: Timer | undefined): void {
  if (id !== undefined && waiting.delete(id)) worker?.postMessage([id, -1]);
}

/** Calls `f` every ms; a call that comes late is not made up for. */
export function every(f: () => void, ms: number): void {
  const turn = () => {
    after(turn, ms);
    f();
  };
  after(turn, ms);
}
