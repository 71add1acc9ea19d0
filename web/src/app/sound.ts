// SPDX-License-Identifier: Apache-2.0
/**
 * Sound of alarms: one tone a priority, repeated until acknowledged; the urgent one rises again
 * every 60 s. Browsers allow sound only after a gesture, so `blocked` says when nobody could hear.
 */
import { signal } from '@preact/signals';
import type { Alarm, Priority } from '../api/model';

let context: AudioContext | null = null;
export const blocked = signal(true);
/** Epoch ms until which this console is mute. */
export const mutedUntil = signal(0);

interface Tone {
  /** Hz, one after the other. */
  notes: readonly number[];
  noteMs: number;
  /** Pause before it sounds again while unacknowledged. */
  everyMs: number;
  gain: number;
}

export const TONES: Record<Priority, Tone> = {
  1: { notes: [880, 660, 880, 660], noteMs: 160, everyMs: 2500, gain: 0.16 },
  2: { notes: [660, 660], noteMs: 200, everyMs: 10_000, gain: 0.12 },
  3: { notes: [520], noteMs: 260, everyMs: 30_000, gain: 0.09 },
  4: { notes: [392], noteMs: 180, everyMs: 60_000, gain: 0.07 },
};
const RISE_MS = 60_000;

function ctx(): AudioContext | null {
  if (!context && typeof AudioContext !== 'undefined') context = new AudioContext();
  return context;
}

/** To be called from a click or key: wakes the sound. */
export async function unlock(): Promise<void> {
  const c = ctx();
  if (c && c.state !== 'running') await c.resume().catch(() => undefined);
  blocked.value = c?.state !== 'running';
}

/** Whether it can be heard. */
export function play(p: Priority, loud = 1): boolean {
  const c = ctx();
  if (c?.state !== 'running') {
    blocked.value = true;
    return false;
  }
  blocked.value = false;
  const tone = TONES[p];
  tone.notes.forEach((hz, i) => {
    const at = c.currentTime + (i * tone.noteMs) / 1000;
    const osc = c.createOscillator();
    const gain = c.createGain();
    osc.type = p === 1 ? 'square' : 'sine';
    osc.frequency.value = hz;
    gain.gain.setValueAtTime(0, at);
    gain.gain.linearRampToValueAtTime(tone.gain * loud, at + 0.015);
    gain.gain.setValueAtTime(tone.gain * loud, at + tone.noteMs / 1000 - 0.03);
    gain.gain.linearRampToValueAtTime(0, at + tone.noteMs / 1000);
    osc.connect(gain).connect(c.destination);
    osc.start(at);
    osc.stop(at + tone.noteMs / 1000);
  });
  return true;
}

export interface Schedule {
  worst: Priority | 0;
  lastPlayed: number;
  since: number;
}

/**
 * What to sound now, if anything. Pure, so that the repetition is tested without sound.
 * @param ms any clock that does not go back
 */
export function due(
  s: Schedule,
  worst: Priority | 0,
  ms: number,
): { next: Schedule; play: Priority | 0; loud: number } {
  if (worst === 0) return { next: { worst, lastPlayed: 0, since: 0 }, play: 0, loud: 1 };
  const worse = s.worst === 0 || worst < s.worst;
  const since = worse ? ms : s.since;
  const loud = Math.min(2, 1 + Math.floor((ms - since) / RISE_MS) * 0.25);
  if (worse || ms - s.lastPlayed >= TONES[worst].everyMs) {
    return { next: { worst, lastPlayed: ms, since }, play: worst, loud };
  }
  return { next: { worst, lastPlayed: s.lastPlayed, since }, play: 0, loud };
}

export function worstOf(alarms: readonly Alarm[]): Priority | 0 {
  return alarms.reduce<Priority | 0>((w, a) => (w === 0 || a.priority < w ? a.priority : w), 0);
}
