/* SPDX-License-Identifier: Apache-2.0 */
#include "sound.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "base/log.h"
#include "sys/proc.h"

enum { HEADER = 44, FILE_MOST = 8 << 20, RATE_AT = 24 };
#define LOUD  6000.0
#define FULL  (2.0 * 3.14159265358979323846)
#define WAIT  (10 * KT_SEC)
#define LEVEL 0.8

int16_t sim_sound_tone(double hz, uint64_t at)
{
    uint64_t k = at % SIM_SOUND_HZ;
    return k < SIM_SOUND_HZ / 2 ? (int16_t)(LOUD * sin(FULL * hz * (double)k / SIM_SOUND_HZ)) : 0;
}

static int16_t sample(struct kt_str file, size_t i)
{
    const uint8_t *p = (const uint8_t *)file.p + HEADER + 2 * i;
    return (int16_t)(uint16_t)(p[0] | p[1] << 8);
}

bool sim_sound_of_wav(struct kt_str file, struct sim_sound *ret)
{
    uint32_t rate;
    if (file.n < HEADER + 2 || memcmp(file.p, "RIFF", 4) != 0) {
        return false;
    }
    memcpy(&rate, file.p + RATE_AT, sizeof(rate));
    if (rate < SIM_SOUND_HZ || rate > 48000) {
        return false;
    }
    size_t from = (file.n - HEADER) / 2, step = rate, n = from * SIM_SOUND_HZ / rate;
    int16_t *v = calloc(n + SIM_SOUND_HZ, sizeof(*v));
    KT_ASSERT(v);
    for (size_t i = 0; i < n; i++) { /* the mean of what falls into one */
        size_t a = i * step / SIM_SOUND_HZ, b = (i + 1) * step / SIM_SOUND_HZ;
        double sum = 0;
        for (size_t k = a; k < b && k < from; k++) {
            sum += sample(file, k);
        }
        v[i] = (int16_t)(LEVEL * sum / (double)(b > a ? b - a : 1));
    }
    *ret = (struct sim_sound){v, n + SIM_SOUND_HZ};
    return true;
}

bool sim_sound_speak(const char *text, struct sim_sound *ret)
{
    char *argv[] = {"espeak-ng", "-v", "cmn", "-s", "150", "--stdout", "--", (char *)text, NULL};
    struct kt_proc_limits lim = {.memory_bytes = 512u << 20, .cpu_seconds = 10};
    struct kt_err err = {0};
    struct kt_buf wav;
    kt_buf_init(&wav, FILE_MOST);
    bool ok = kt_proc_run(argv, &lim, WAIT, FILE_MOST, &wav, &err) == KT_OK &&
              sim_sound_of_wav((struct kt_str){wav.p, wav.n}, ret);
    kt_buf_done(&wav);
    return ok;
}
