/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_POSITION_ESCAPE_H
#define KT_POSITION_ESCAPE_H
/*
 * escape: the way out of everybody below: by walking time, doors, what is blocked, and when smoke
 * comes, with refuges of limited room. Searched backwards from the goals, so the work grows with
 * the roadways and not with the persons.
 *
 * A route is safe when its bearer is at each node of it before the smoke is. The quickest
 * route is taken where it is safe; where it is not, the one that could be begun latest is, so a
 * safe route is found whenever there is one (reverse search for the latest departure: the label of
 * a node is the last moment at which one may stand there and yet get out). Who has no safe route,
 * or one longer than a self-rescuer lasts, is given room in a refuge that can be reached safely; as
 * many as possible get one (augmenting paths between refuges). For the others nothing is safe: that
 * is said, and the nearest refuge is named.
 *
 * Times are seconds from now. Pure; what it answers lives in the arena.   Threads: any.
 */
#include "domain/position/mine.h"

enum { KT_ESCAPE_REFUGES = 64 };
#define KT_ESCAPE_RESCUER_S 2700.0 /* a self-rescuer of 45 min; the program's own figure */

struct kt_escape_state {
    const double *smoke_s; /* by node: when smoke is there; 0 now, INFINITY never; NULL: no smoke */
    const bool *blocked;   /* by way; NULL: none */
    double rescuer_s;      /* longest walk; 0: KT_ESCAPE_RESCUER_S */
    const double *door_s;  /* by way: what its doors take as they stand; NULL: all are shut */
    const bool *unusable;  /* by station: a refuge that is no goal; NULL: none */
    const uint32_t *room;  /* by station: persons that a refuge yet takes; NULL: its capacity */
};
struct kt_escape_person {
    uint32_t way; /* KT_NONE: not known where */
    double at_m;
};
enum kt_escape_verdict {
    KT_ESCAPE_EXIT,
    KT_ESCAPE_REFUGE,
    KT_ESCAPE_NOT_SAFE, /* no way is safe: `goal` is the nearest refuge, or exit where there is
                         * none, KT_NONE where nothing leads from there */
    KT_ESCAPE_UNKNOWN   /* nobody knows where the person is */
};
struct kt_escape_route {
    enum kt_escape_verdict verdict;
    uint32_t goal;  /* station; KT_NONE */
    double time_s;  /* to get there */
    double spare_s; /* how long one may wait and yet be safe; INFINITY: no smoke comes */
    uint32_t tree;  /* of kt_escape.tree */
    bool latest;    /* by the latest departure, not the quickest */
    int8_t toward;  /* 0 its way's `from`, 1 its `to`, -1 the goal lies on the way itself */
};
/* Labels of the nodes for one set of goals. */
struct kt_escape_tree {
    double *time_s;  /* quickest to a goal; INFINITY: none */
    double *until_s; /* the quickest is safe for who is there until then */
    double *last_s;  /* the last moment to be there and yet to be safe; -INFINITY: none */
    double *last_time_s;
    uint32_t *next, *last_next; /* way to take; KT_NONE: none */
    uint32_t *goal, *last_goal; /* station */
};
struct kt_escape {
    struct kt_escape_route *route; /* by person */
    struct kt_escape_tree *tree;   /* 0: exits; then one a refuge */
    uint32_t trees_n;
    uint32_t by_verdict[4];
    uint32_t *taken; /* by station: persons that were given room in it */
};

/** @return KT_OK; KT_ELIMIT more refuges than KT_ESCAPE_REFUGES; KT_EINVAL no exit */
KT_MUST_CHECK int kt_escape_find(const struct kt_mine *m, const struct kt_escape_state *state,
                                 const struct kt_escape_person *person, uint32_t n,
                                 struct kt_arena *arena, struct kt_escape *ret, struct kt_err *err);
/** Each way of a person's route, in order; `along`: it is walked from `from` to `to`. */
void kt_escape_path(const struct kt_mine *m, const struct kt_escape *e,
                    const struct kt_escape_person *p, const struct kt_escape_route *r,
                    void (*fn)(void *arg, uint32_t way, bool along), void *arg);
#endif
