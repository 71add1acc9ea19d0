/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_DOMAIN_LAND_FACES_H
#define KT_DOMAIN_LAND_FACES_H
/*
 * faces: the text that describes mined faces for subsidence.h, and where on the ground to look.
 * JSON (or the same as YAML); docs/solvers.md has every field with its unit.
 *
 * Threads: one at a time.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "conf/problem.h"
#include "domain/land/subsidence.h"

enum { KT_FACES_MAX = 200, KT_FACES_MAX_PLACES = 2000000 };

struct kt_face_place {
    const char *id; /**< "" where the text gives none */
    struct kt_xy at;
};

struct kt_face_grid {
    double x0, y0, step_m;
    uint32_t nx, ny; /**< x0 … x0 + (nx - 1) step; 0: no grid */
};

struct kt_faces {
    uint32_t n;
    struct kt_subside *face[KT_FACES_MAX];
    double part[KT_FACES_MAX]; /**< of the final movement that has come by now (Knothe) */
    struct kt_face_grid grid;  /**< used when there are no places */
    struct kt_face_place *place;
    uint32_t places_n;
};

/**
 * Read and prepare. Mistakes go to `problems`, each with its place in the text; a grid that is not
 * given reaches 1.5 r beyond the outlines, in steps of 10 m or as many as fit.
 *
 * @return KT_OK; KT_EPARSE, KT_ELIMIT the text itself; KT_EINVAL mistakes were reported
 */
KT_MUST_CHECK int kt_faces_read(struct kt_arena *arena, struct kt_str text, const char *file,
                                struct kt_problems *problems, struct kt_faces **ret,
                                struct kt_err *err);
void kt_faces_done(struct kt_faces *f); /**< what is not in the arena; accepts NULL */
#endif
