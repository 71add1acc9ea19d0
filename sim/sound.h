/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_SOUND_H
#define SIM_SOUND_H
/*
 * sound: what a simulated phone says, 8 kHz, 16 bits, mono: a tone, or a line spoken by espeak-ng.
 * Pure but for that child process; any thread.
 */
#include "base/buf.h"

enum { SIM_SOUND_HZ = 8000, SIM_SOUND_FRAME = 160 /* 20 ms */ };

struct sim_sound { /* heap */
    int16_t *v;
    size_t n;
};

/** A sample of a tone that sounds for half of each second. */
int16_t sim_sound_tone(double hz, uint64_t at);
/** Mandarin, with a second of silence behind it; false: espeak-ng is not there or failed. */
bool sim_sound_speak(const char *text, struct sim_sound *ret);
/** A WAV file as espeak-ng writes it (16 bits, mono, 8 to 48 kHz) at SIM_SOUND_HZ. */
bool sim_sound_of_wav(struct kt_str file, struct sim_sound *ret);
#endif
