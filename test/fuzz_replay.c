/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replays a folder of fuzz inputs through LLVMFuzzerTestOneInput(), then thousands of mutations of
 * them with a fixed seed, as one TAP case. With libFuzzer this file is not linked.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 1 << 16, MUTATIONS = 3000 };

static uint64_t next(uint64_t *s)
{
    *s ^= *s << 13;
    *s ^= *s >> 7;
    *s ^= *s << 17;
    return *s;
}

static void mutate(const uint8_t *data, size_t n, uint64_t *seed)
{
    static uint8_t copy[INPUT_MAX + 64];
    memcpy(copy, data, n);
    size_t len = n;
    int edits = 1 + (int)(next(seed) % 6);
    for (int e = 0; e < edits && len; e++) {
        size_t at = next(seed) % len;
        switch (next(seed) % 4) {
        case 0:
            copy[at] ^= (uint8_t)(1u << next(seed) % 8);
            break;
        case 1:
            copy[at] = (uint8_t)next(seed);
            break;
        case 2:
            len = at;
            break;
        default:
            memmove(copy + at, copy + at / 2, len - at);
            break;
        }
    }
    /* an exact heap copy, so that a read past the end is seen by the sanitizer */
    uint8_t *exact = malloc(len ? len : 1);
    memcpy(exact, copy, len);
    LLVMFuzzerTestOneInput(exact, len);
    free(exact);
}

int main(int argc, char **argv)
{
    static uint8_t buf[INPUT_MAX];
    uint64_t seed = UINT64_C(0x6b75616e67747521);
    int files = 0;
    printf("TAP version 13\n1..1\n");
    DIR *d = argc > 1 ? opendir(argv[1]) : NULL;
    for (struct dirent *e; d && (e = readdir(d));) {
        char path[1024];
        snprintf(path, sizeof(path), "%s/%s", argv[1], e->d_name);
        FILE *f = e->d_name[0] == '.' ? NULL : fopen(path, "rb");
        if (!f) {
            continue;
        }
        size_t n = fread(buf, 1, sizeof(buf), f);
        fclose(f);
        LLVMFuzzerTestOneInput(buf, n);
        for (int i = 0; i < MUTATIONS; i++) {
            mutate(buf, n, &seed);
        }
        files++;
    }
    if (d) {
        closedir(d);
    }
    printf("%s 1 - replays %d inputs and %d mutations of each\n", files ? "ok" : "not ok", files,
           MUTATIONS);
    return files ? 0 : 1;
}
