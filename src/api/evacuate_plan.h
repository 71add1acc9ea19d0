/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_API_EVACUATE_PLAN_H
#define KT_API_EVACUATE_PLAN_H
/*
 * evacuate_plan: one computation of the ways out, and its JSON. Worst first: who has no safe way.
 */
#include "api/personnel.h"
#include "domain/position/escape.h"
#include "domain/vent/downstream.h"

struct evacuate_smoke {
    bool fire;               /* a place of it is named */
    bool known;              /* where it goes; else it counts as having come everywhere */
    enum kt_air_basis basis; /* by which air */
    double *at_s;            /* by node of the mine; seconds from the fire's begin */
    uint32_t n;
};
/** The soonest that smoke of a fire at a place comes to each node. What is not known of the air
 *  never makes it later (domain/vent/downstream.h). */
void evacuate_smoke(struct kt_api *a, const struct kt_mine *m, const char *fire,
                    struct evacuate_smoke *ret);

/* What is known of a refuge. What nobody knows does not close it: it may be all there is. */
enum refuge_kind { REFUGE_OK, REFUGE_FAULTY, REFUGE_CLOSED, REFUGE_FULL };
struct refuge {
    enum refuge_kind kind;
    bool unknown; /* some of its points say nothing now */
    uint32_t room;
    const char *zh, *en; /* why it is no goal; "" */
};
/** By station; of the points with a role refuge.* at the place of its roadway. A point that said so
 *  and has fallen silent still counts, as of doors. */
struct refuge *evacuate_refuges(const struct kt_mine *m, const struct kt_live *live,
                                const struct kt_json *items, struct kt_arena *arena);

struct evacuate_plan {
    const struct kt_mine *mine;
    const struct kt_json **item; /* of the snapshot, by person */
    struct kt_escape_person *person;
    uint32_t n;
    struct kt_escape escape;
    const struct refuge *refuge; /* by station */
    uint32_t *passed;            /* by person: the refuge that would have been the goal, if it were
                                    usable; KT_NONE */
    uint32_t *order;             /* persons, worst first */
    uint32_t *used;              /* by way * 2 + (walked from `to`): persons */
    bool fire, known;
    enum kt_air_basis basis;
    double took_ms;
    uint64_t hash; /* of who goes where */
};
/** @param live  of the mine's site: doors as they stand */
KT_MUST_CHECK int evacuate_plan_make(const struct kt_mine *m, const struct kt_live *live,
                                     const struct kt_json *snap, const struct evacuate_smoke *smoke,
                                     struct kt_arena *arena, struct evacuate_plan *ret,
                                     struct kt_err *err);
void evacuate_plan_write(const struct evacuate_plan *p, uint64_t evacuation, struct kt_jw *w);
#endif
