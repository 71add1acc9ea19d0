// SPDX-License-Identifier: Apache-2.0
/** Waits on behalf of a page: [number, ms] comes back as its number after so many ms; ms below 0 forgets it. */
const waiting = new Map<number, ReturnType<typeof setTimeout>>();

addEventListener('message', (e: MessageEvent<[id: number, ms: number]>) => {
  const [id, ms] = e.data;
  clearTimeout(waiting.get(id));
  waiting.delete(id);
  if (ms < 0) return;
  const done = () => {
    waiting.delete(id);
    postMessage(id);
  };
  waiting.set(id, setTimeout(done, ms));
});
