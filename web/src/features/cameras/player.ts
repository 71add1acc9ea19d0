// SPDX-License-Identifier: Apache-2.0
/**
 * One camera in one <video>: fragments into a media source, kept a fraction of a second behind what
 * comes. It begins anew at each head, drops what it has shown, and jumps over what was lost.
 */
const QUEUE_MAX = 200;
const BEHIND_S = 0.35;
const JUMP_S = 1.2;
const KEEP_S = 20;
const LOOK_MS = 250;

export class Player {
  private source: MediaSource | null = null;
  private buffer: SourceBuffer | null = null;
  private address = '';
  private queue: Uint8Array<ArrayBuffer>[] = [];
  private skips = false;
  private fresh = true;
  private readonly timer: ReturnType<typeof setInterval>;

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly unsupported: (codec: string) => void,
  ) {
    video.muted = true;
    this.timer = setInterval(() => this.look(), LOOK_MS);
  }

  /** A codec's name, a line feed, the head of the MP4. */
  head(bytes: Uint8Array<ArrayBuffer>): void {
    const end = bytes.indexOf(10);
    const type = `video/mp4; codecs="${new TextDecoder().decode(bytes.subarray(0, end))}"`;
    this.close();
    if (!MediaSource.isTypeSupported(type)) {
      this.unsupported(type);
      return;
    }
    const source = new MediaSource();
    this.source = source;
    this.queue = [bytes.slice(end + 1)];
    this.skips = false;
    this.fresh = true;
    this.address = URL.createObjectURL(source);
    this.video.src = this.address;
    source.addEventListener('sourceopen', () => {
      if (this.source !== source) return;
      this.buffer = source.addSourceBuffer(type);
      this.buffer.addEventListener('updateend', () => this.pump());
      this.pump();
    });
  }

  fragment(bytes: Uint8Array<ArrayBuffer>, key: boolean): void {
    if (!this.source) return;
    if (key) this.skips = false;
    if (this.skips) return;
    if (this.queue.length >= QUEUE_MAX) {
      this.skips = true;
      return;
    }
    this.queue.push(bytes);
    this.pump();
  }

  private pump(): void {
    const b = this.buffer;
    if (!b || b.updating || this.source?.readyState !== 'open') return;
    const next = this.queue.shift();
    if (next) {
      try {
        b.appendBuffer(next);
      } catch {
        this.queue = [];
        this.skips = true;
      }
    }
    if (this.fresh && b.buffered.length) {
      this.fresh = false;
      this.toEnd();
      void this.video.play().catch(() => undefined);
    }
  }

  private toEnd(): void {
    const r = this.buffer?.buffered;
    if (!r?.length) return;
    const last = r.length - 1;
    this.video.currentTime = Math.max(r.start(last), r.end(last) - 0.1);
  }

  private look(): void {
    const b = this.buffer;
    if (!b || this.source?.readyState !== 'open' || !b.buffered.length) return;
    const last = b.buffered.length - 1;
    const behind = b.buffered.end(last) - this.video.currentTime;
    const lost = this.video.currentTime < b.buffered.start(last);
    if (lost || behind > JUMP_S || behind < 0) this.toEnd();
    this.video.playbackRate = behind > BEHIND_S ? 1.1 : 1;
    if (this.video.paused) void this.video.play().catch(() => undefined);
    const old = this.video.currentTime - KEEP_S;
    if (!b.updating && b.buffered.start(0) < old - KEEP_S) b.remove(0, old);
  }

  private close(): void {
    this.source = null;
    this.buffer = null;
    this.queue = [];
    if (this.address) URL.revokeObjectURL(this.address);
    this.address = '';
  }

  dispose(): void {
    clearInterval(this.timer);
    this.close();
    this.video.removeAttribute('src');
    this.video.load();
  }
}
