/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_API_EVACUATE_PLAN_H
#define KT_API_EVACUATE_PLAN_H
/*
 * evacuate_plan: one computation of the ways out, and its JSON. Worst first: who has no safe way.
 */
#include "api/personnel.h"
#include "domain/position/escape.h"

enum evacuate_basis { SMOKE_NONE, SMOKE_SOLVED, SMOKE_DESIGN, SMOKE_UNKNOWN };
struct evacuate_smoke {
    enum evacuate_basis basis; /* NONE: no fire is named */
    double *at_s;              /* by node of the mine; seconds from when it was computed */
    uint32_t n;
};
/** When smoke of a fire at a place comes to each node, by the solved airflow, else the design. */
void evacuate_smoke(struct kt_api *a, const struct kt_mine *m, const char *fire,
                    struct evacuate_smoke *ret);

struct evacuate_plan {
    const struct kt_mine *mine;
    const struct kt_json **item; /* of the snapshot, by person */
    struct kt_escape_person *person;
    uint32_t n;
    struct kt_escape escape;
    uint32_t *order; /* persons, worst first */
    uint32_t *used;  /* by way * 2 + (walked from `to`): persons */
    enum evacuate_basis basis;
    double took_ms;
    uint64_t hash; /* of who goes where */
};
KT_MUST_CHECK int evacuate_plan_make(const struct kt_mine *m, const struct kt_json *snap,
                                     const struct evacuate_smoke *smoke, struct kt_arena *arena,
                                     struct evacuate_plan *ret, struct kt_err *err);
void evacuate_plan_write(const struct evacuate_plan *p, uint64_t evacuation, struct kt_jw *w);
#endif
