/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_ENGINE_AIR_H
#define KT_ENGINE_AIR_H
/*
 * air: where the air of a place goes, for rules that look downstream and upstream.
 *
 * A solver beside the engine answers as an input: which flows, for which state of fans and doors.
 * The answer counts as of now while that state is still the present one and it is not older than a
 * minute; else the last flows and the design are taken together (domain/vent/downstream.h). So a
 * replay, a second node and the one that solved look at the same roadways.
 *
 * air.c: what is known, and its news; air_reach.c: where air goes; air_save.c: checkpoint.
 * Invariants
 *  1. A reach is as `basis` says, whenever it is asked for; `moved` forgets all of them, and
 *     `readers` is made again of the new ones.
 *  2. Each rule instance that looks along the air is evaluated after `moved`, before the input is
 *     done.
 */
#include "domain/vent/airways.h"
#include "domain/vent/downstream.h"
#include "engine/core.h"

enum { AIR_DOWN, AIR_UP, AIR_WAYS };

struct reach { /* of one place, one way */
    kt_place_id *list;
    bool *has; /* by place */
    uint32_t n;
};

struct air {
    struct kt_arena *arena;
    struct kt_airways ways;
    int8_t *design;
    bool *has_airway;                      /* by place */
    struct kt_airway_state *state, *known; /* of now; that was solved for */
    bool *stopped;
    double *q; /* of the last solution */
    bool solved, failed, moved;
    bool unsure, turned; /* a fan or a door says nothing; a fan turns backwards */
    kt_seq flows_from;   /* what the solver had seen when it found q */
    kt_time at;
    enum kt_air_basis basis;
    char why[ENG_TEXT];       /* it failed */
    struct kt_expr_set *sets; /* along the air, of rule r: sets[sets_at[r] .. sets_at[r + 1]) */
    uint32_t *sets_at;
    uint32_t *user; /* rule instances that look along the air */
    uint32_t users_n;
    struct reach *reach; /* AIR_WAYS a place; list NULL: not asked */
    struct csr readers;  /* instances by point that the air brings to it, less eng's own readers */
};

/** What is known now, however the basis stood. */
struct kt_vent_known air_known(const struct air *a);
/** Its sets along the air: all of them into `ret` where that is not NULL; how many. */
uint32_t air_sets(const struct kt_rule *r, struct kt_expr_set *ret);
bool air_fits(const struct kt_point *p, struct kt_str role);
void air_forget(const struct eng *e); /**< all reaches */
void air_renew(struct eng *e);        /**< forget them; who reads which point now */
#endif
