/* SPDX-License-Identifier: Apache-2.0 */
#include "link/voice/wav.h"

#include <stdlib.h>
#include <string.h>

static uint32_t u32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint32_t u16(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8;
}

struct form {
    uint32_t rate, channels, bits;
    const uint8_t *data;
    size_t n; /* bytes */
};

/* A stream that was written to a pipe has a length that is not known: what is there counts. */
static bool find(struct kt_str file, struct form *f)
{
    const uint8_t *p = (const uint8_t *)file.p;
    size_t at = 12;
    if (file.n < 12 || memcmp(p, "RIFF", 4) != 0 || memcmp(p + 8, "WAVE", 4) != 0) {
        return false;
    }
    while (file.n - at >= 8) {
        size_t left = file.n - at - 8, n = u32(p + at + 4);
        const uint8_t *body = p + at + 8;
        n = n > left ? left : n;
        if (memcmp(p + at, "fmt ", 4) == 0 && n >= 16 && u16(body) == 1) {
            f->channels = u16(body + 2);
            f->rate = u32(body + 4);
            f->bits = u16(body + 14);
        } else if (memcmp(p + at, "data", 4) == 0) {
            f->data = body;
            f->n = n;
            return f->rate != 0;
        }
        at += 8 + n + (n & 1 && n < left);
    }
    return false;
}

static int sample(const struct form *f, size_t frame)
{
    int sum = 0;
    for (uint32_t c = 0; c < f->channels; c++) {
        size_t i = frame * f->channels + c;
        sum += f->bits == 8 ? (f->data[i] - 128) * 256 : (int16_t)u16(f->data + 2 * i);
    }
    return sum / (int)f->channels;
}

/* The mean over the time of one sample of ours: a plain low pass, enough for speech. */
static int16_t between(const struct form *f, size_t frames, uint64_t i)
{
    uint64_t from = i * f->rate / WAV_RATE, to = (i + 1) * f->rate / WAV_RATE;
    int64_t sum = 0, n = 0;
    to = to > from ? to : from + 1;
    for (uint64_t k = from; k < to && k < frames; k++, n++) {
        sum += sample(f, (size_t)k);
    }
    return (int16_t)(n ? sum / n * 4 / 5 : 0);
}

int wav_read(struct kt_str file, size_t most, struct pcm *ret, struct kt_err *err)
{
    struct form f = {0};
    if (!find(file, &f) || (f.bits != 8 && f.bits != 16) || f.channels < 1 || f.channels > 2 ||
        f.rate < 4000 || f.rate > 96000) {
        return kt_err_set(err, KT_EPARSE,
                          "no WAV file of 8 or 16 bits linear, 1 or 2 channels, 4 to 96 kHz");
    }
    size_t frames = f.n / (f.channels * f.bits / 8);
    size_t n = (size_t)((uint64_t)frames * WAV_RATE / f.rate);
    if (n > most) {
        return kt_err_set(err, KT_ELIMIT, "the recording is longer than %zu s", most / WAV_RATE);
    }
    int16_t *v = malloc((n + 1) * sizeof(*v));
    KT_ASSERT(v);
    for (size_t i = 0; i < n; i++) {
        v[i] = between(&f, frames, i);
    }
    *ret = (struct pcm){v, n};
    return KT_OK;
}

static void put(uint8_t *to, uint32_t v, int bytes)
{
    for (int i = 0; i < bytes; i++) {
        to[i] = (uint8_t)(v >> (8 * i));
    }
}

void wav_header(uint8_t to[WAV_HEADER], uint32_t frames, int channels)
{
    uint32_t frame = (uint32_t)channels * 2, data = frames * frame;
    memcpy(to, "RIFF", 4);
    put(to + 4, 36 + data, 4);
    memcpy(to + 8, "WAVEfmt ", 8);
    put(to + 16, 16, 4);
    put(to + 20, 1, 2);
    put(to + 22, (uint32_t)channels, 2);
    put(to + 24, WAV_RATE, 4);
    put(to + 28, WAV_RATE * frame, 4);
    put(to + 32, frame, 2);
    put(to + 34, 16, 2);
    memcpy(to + 36, "data", 4);
    put(to + 40, data, 4);
}
