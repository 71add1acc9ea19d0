/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_EXPR_BOX_H
#define KT_EXPR_BOX_H
/*
 * box: private to expr. Sets of situations, for proofs: a union of boxes, each a conjunction of
 * intervals of variables (the value of a point, its quality, a flag, a window).
 *
 * Invariant: a union holds every situation that it stands for, and perhaps more. A box that stands
 * for no more than it should, and in which at least one situation is possible, is `exact`. So an
 * empty union proves "never", and an exact box proves "can be".
 *
 * What is not known about the resolution of a variable makes it FUZZY: then only what holds at
 * every resolution is used. On a GRID bounds are whole steps.
 */
#include "base/arena.h"
#include "expr/node.h"

enum { BOX_CONSTRAINTS = 8, BOX_MAX = 64, BOX_VARIABLES = 64 };

enum var_kind { VAR_VALUE, VAR_QUALITY, VAR_KNOWN, VAR_FLAG, VAR_WINDOW };
enum var_scale { SCALE_EXACT, SCALE_GRID, SCALE_FUZZY };

struct var {
    uint8_t kind, arg; /* flag, window function */
    enum var_scale scale;
    bool stuck; /* stays FUZZY */
    kt_point_id point;
    int64_t span;
    double resolution;
};

struct interval {
    double lo, hi; /* may be infinite; +infinity belongs to the interval: an over-range value */
    bool lo_open, hi_open;
};

struct box {
    uint8_t n;
    bool exact;
    struct constraint {
        uint8_t var;
        bool open; /* some bound that was met here is open */
        struct interval in;
    } c[BOX_CONSTRAINTS];
};

struct boxes {
    struct box *b;
    uint32_t n;
};

struct prover {
    struct kt_arena *arena;
    const struct kt_expr *e;
    kt_expr_limit_fn limit_of;
    void *arg;
    kt_point_id self;
    bool raw; /* bounds as written, for thresholds and for finding the variables */
    struct var vars[BOX_VARIABLES];
    uint32_t vars_n;
};

struct boxes box_none(void);
struct boxes box_all(struct prover *p, bool exact);
struct boxes box_one(struct prover *p, uint8_t var, struct interval in);
struct boxes box_unite(struct prover *p, struct boxes a, struct boxes b);
struct boxes box_cross(struct prover *p, struct boxes a, struct boxes b);
/** Does the box prove that a situation is possible? */
bool box_is_witness(const struct prover *p, const struct box *b);

/** v as a whole number of steps, as kt_compare_at() counts them; false: too many. */
bool expr_steps(double v, double resolution, double *ret);
#endif
