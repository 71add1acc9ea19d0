// SPDX-License-Identifier: Apache-2.0
/** The one connection that brings the video of a page: frames cut out of its bytes, again when it
 *  ends. */
import { url } from '../../api/client';

export interface Frame {
  /** Number of the camera in the question. */
  camera: number;
  /** s state, h head, k fragment from a key frame on, m another. */
  kind: string;
  bytes: Uint8Array<ArrayBuffer>;
}

const FRAME_MAX = 16 << 20;
const AGAIN_MS = 1000;

/** Cuts frames out of pieces of any size. */
export class Cutter {
  private parts: Uint8Array<ArrayBuffer> = new Uint8Array(0);

  push(piece: Uint8Array): Frame[] {
    const all = new Uint8Array(this.parts.length + piece.length);
    all.set(this.parts);
    all.set(piece, this.parts.length);
    const view = new DataView(all.buffer);
    const out: Frame[] = [];
    let at = 0;
    while (all.length - at >= 4) {
      const n = view.getUint32(at, true);
      if (n < 2 || n > FRAME_MAX) throw new Error('broken stream');
      if (all.length - at - 4 < n) break;
      out.push({
        camera: all[at + 4]!,
        kind: String.fromCharCode(all[at + 5]!),
        bytes: all.slice(at + 6, at + 4 + n),
      });
      at += 4 + n;
    }
    this.parts = all.slice(at);
    return out;
  }
}

const WARM_MS = 3000;
const warmed = new Map<string, number>();

/** Opens a camera that is about to be looked at: the program keeps it open for a while after. */
export function warm(id: string): void {
  const now = performance.now();
  if (now - (warmed.get(id) ?? -Infinity) < 2 * WARM_MS) return;
  warmed.set(id, now);
  setTimeout(
    watchVideo([id], () => undefined),
    WARM_MS,
  );
}

/** Watches some cameras until it is told to stop; `f` gets the id of the camera. */
export function watchVideo(
  ids: readonly string[],
  f: (id: string, kind: string, bytes: Uint8Array<ArrayBuffer>) => void,
): () => void {
  const stop = new AbortController();
  const read = async () => {
    const r = await fetch(url('/cameras/stream', { cameras: ids.join(',') }), {
      signal: stop.signal,
      credentials: 'same-origin',
    });
    if (!r.ok || !r.body) throw new Error(String(r.status));
    const cutter = new Cutter();
    const reader = r.body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      for (const one of cutter.push(value)) {
        const id = ids[one.camera];
        if (id) f(id, one.kind, one.bytes);
      }
    }
  };
  const run = async () => {
    while (!stop.signal.aborted) {
      await read().catch(() => undefined);
      await new Promise((go) => setTimeout(go, AGAIN_MS));
    }
  };
  if (ids.length) void run();
  return () => stop.abort();
}
