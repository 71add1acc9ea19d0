/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "domain/land/faces.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kt_arena *arena = kt_arena_new(0);
    struct kt_problems p = {0};
    struct kt_faces *f;
    struct kt_err err;
    int r = kt_faces_read(arena, (struct kt_str){(const char *)data, size}, "f", &p, &f, &err);
    if (r == KT_OK) {
        KT_ASSERT(f->n > 0 && p.n == 0 && f->grid.nx > 0 && f->grid.ny > 0);
        struct kt_subside_at at = {0};
        struct kt_xy where = f->places_n ? f->place[0].at : (struct kt_xy){f->grid.x0, f->grid.y0};
        for (uint32_t i = 0; i < f->n; i++) {
            kt_subside_add(f->face[i], where, f->part[i] * kt_subside_greatest(f->face[i]), &at);
        }
        KT_ASSERT(isfinite(at.w_m) && isfinite(at.ix) && isfinite(at.kxx) && isfinite(at.kyy));
        kt_faces_done(f);
    } else {
        KT_ASSERT(r != KT_EINVAL || p.n > 0);
    }
    kt_arena_free(arena);
    return 0;
}
