// SPDX-License-Identifier: Apache-2.0
/**
 * Which tab of this browser sounds the alarms: of those that are able to and were heard within
 * HEARD_MS the one that has the line, then one in sight, then the first by name. One that hears of
 * no better sounds itself, so that a doubt ends in two tones and never in silence.
 */
export interface Voice {
  id: string;
  /** Its data are of now. */
  fresh: boolean;
  visible: boolean;
}

const HEARD_MS = 2500;

/** Above zero when a goes before b. */
function before(a: Voice, b: Voice): number {
  if (a.fresh !== b.fresh) return a.fresh ? 1 : -1;
  if (a.visible !== b.visible) return a.visible ? 1 : -1;
  return a.id < b.id ? 1 : -1;
}

export class Turn {
  private readonly others = new Map<string, { voice: Voice; at: number }>();

  /** @param at any clock that does not go back, in ms */
  hear(voice: Voice, at: number): void {
    this.others.set(voice.id, { voice, at });
  }

  gone(id: string): void {
    this.others.delete(id);
  }

  mine(me: Voice, at: number): boolean {
    for (const [id, o] of this.others) {
      if (at - o.at > HEARD_MS) this.others.delete(id);
      else if (id !== me.id && before(o.voice, me) > 0) return false;
    }
    return true;
  }
}
