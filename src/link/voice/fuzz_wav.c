/* SPDX-License-Identifier: Apache-2.0 */
/* Recordings that people put in, and what speech synthesis says: any bytes as a WAV file. */
#include <stdlib.h>

#include "link/voice/wav.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST = 60 * WAV_RATE };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pcm p = {0};
    struct kt_err err;
    char *file = malloc(size + 1); /* no byte beyond it is there */
    KT_ASSERT(file);
    memcpy(file, data, size);
    if (wav_read((struct kt_str){file, size}, MOST, &p, &err) == KT_OK) {
        KT_ASSERT(p.v && p.n <= MOST);
    }
    free(p.v);
    free(file);
    return 0;
}
