/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_LINK_VOICE_WAV_H
#define KT_LINK_VOICE_WAV_H
/* wav: RIFF files in and out, 8 kHz linear inside. Pure; any thread. */
#include "base/buf.h"
#include "base/err.h"

enum { WAV_RATE = 8000, WAV_HEADER = 44 };

struct pcm { /* 16-bit mono at WAV_RATE; heap */
    int16_t *v;
    size_t n;
};

/**
 * Samples of a WAV file: 8 or 16 bits linear, 1 or 2 channels, 4 to 96 kHz; the channels mixed,
 * brought to 8 kHz, the level times 0.8, or the loudest would be clipped.
 *
 * @return KT_OK with ret->v to be freed; KT_EPARSE; KT_ELIMIT more than `most` samples
 */
KT_MUST_CHECK int wav_read(struct kt_str file, size_t most, struct pcm *ret, struct kt_err *err);
/** The header of a file of `frames` frames at 8 kHz, 16 bits. */
void wav_header(uint8_t to[WAV_HEADER], uint32_t frames, int channels);
#endif
