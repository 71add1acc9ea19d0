/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_EXPR_EXPR_H
#define KT_EXPR_EXPR_H
/*
 * expr: typed, three-valued expressions with units over points and windows.
 * The language is in docs/site-format.md, "Expressions". Compiled once per rule; evaluated per
 * instance with `self` bound; no allocation in evaluation.
 *
 * What the language leaves open is settled here:
 * - Over-range that counts as high is above every number: `>`, `>=` and `!=` hold, `<`, `<=` and
 *   `==` do not, also after + - * with known numbers. Two of them are not comparable: unknown.
 * - A division by zero, a missing limit and a NaN are unknown.
 * - A comparison is made at the coarsest resolution of the points in it, and in the unit of its
 * left side (of the right side when the left is a literal). A literal 0 needs no unit.
 * - any() over nothing is false, all() over nothing is true; they do not nest.
 * - limit.NAME is always a limit of self, also inside any() and all().
 * - avg is the mean of the known samples; rate is the change per second in the unit of its point,
 *   compared with a quotient: rate(self, 10min) > 0.1 %CH4/min.
 * - While the present of its point is not known, a window is unknown, but for what the missing
 *   samples cannot undo: max is at least and min at most what was seen; count is known.
 * - At most 4096 bytes, 256 nodes, 48 levels of nesting, 16 windows of 1s to 366d, 64 named points.
 *
 * Threads: a compiled expression is immutable; evaluation state belongs to its caller.
 * Determinism: only + - * / and comparisons on doubles, no libm.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/id.h"
#include "base/time.h"

struct kt_expr;

enum kt_tri { KT_FALSE = 0, KT_TRUE = 1, KT_UNKNOWN = 2 };

/* Engine-kept facts of a point: flag(P, "NAME"). */
#define KT_FLAG_LIST(X)                                                                            \
    X(FEED_ANOMALY, "feed-anomaly")                                                                \
    X(CALIBRATING, "calibrating")                                                                  \
    X(CAL_FLAG_ONLY, "calibration-flag-only")                                                      \
    X(CAL_RECORD_ONLY, "calibration-record-only")                                                  \
    X(CAL_TOO_LONG, "calibration-too-long")                                                        \
    X(TEST_OVERDUE, "test-overdue")                                                                \
    X(DEVICE_ALARM, "device-alarm")                                                                \
    X(DEVICE_CUT, "device-cut")                                                                    \
    X(DEVICE_FAULT, "device-fault")                                                                \
    X(LINK_DOWN, "link-down")                                                                      \
    X(LATCHED, "latched")                                                                          \
    X(SILENT_CONSOLE, "silent-console")                                                            \
    X(OPENED, "opened")                                                                            \
    X(SET_DIFFERS, "set-differs")                                                                  \
    X(TAGGED, "tagged")
enum kt_flag {
#define X(sym, id) KT_FLAG_##sym,
    KT_FLAG_LIST(X)
#undef X
        KT_FLAGS
};

/* What the compiler asks about names. All strings are borrowed for the call. */
struct kt_expr_names {
    void *arg;
    /** Index of a point by id, its unit and resolution; false: there is none. */
    bool (*point)(void *arg, struct kt_str id, kt_point_id *ret, const char **ret_unit,
                  double *ret_resolution);
    /** Is this a known role (patterns with * allowed)? */
    bool (*role)(void *arg, struct kt_str pattern);
    /** A unit: its dimension and the factor to the dimension's base; false: unknown. `hint` may be
     *  set to a similar known unit. */
    bool (*unit)(void *arg, struct kt_str unit, uint32_t *ret_dimension, double *ret_factor,
                 double *ret_offset, const char **hint);
    const char *self_unit;  /* unit of `self` in this rule; NULL when it differs between points */
    double self_resolution; /* 0: exact */
    /** May be NULL. The unit that all points of a role (or pattern) share; *ret NULL when it
     * differs between them; false: not known. Checks what `it` is compared with. */
    bool (*role_unit)(void *arg, struct kt_str pattern, const char **ret_unit);
};

/**
 * Compile to a condition (its type is a truth value).
 *
 * @param file,line,col where the text stands; errors point into it
 * @return KT_OK; KT_EPARSE syntax, unknown name, type or unit mismatch
 */
KT_MUST_CHECK int kt_expr_compile(struct kt_arena *arena, struct kt_str text, const char *file,
                                  int line, int col, const struct kt_expr_names *names,
                                  struct kt_expr **ret, struct kt_err *err);

/* A value of a point as an expression sees it. */
struct kt_expr_sample {
    double value;
    bool known; /* false: bad quality, stale, never */
    bool high;  /* over-range of a sensor whose role says so: above every upper limit, and known */
};

/* Sets of points around one; X(symbol, word in a rule). From ASSET on along lines of assets. */
#define KT_SET_LIST(X)                                                                             \
    X(PLACE, "place")                                                                              \
    X(PANEL, "panel")                                                                              \
    X(DOWNSTREAM, "downstream")                                                                    \
    X(UPSTREAM, "upstream")                                                                        \
    X(ASSET, "asset")                                                                              \
    X(ONWARD, "onward")                                                                            \
    X(BEHIND, "behind")                                                                            \
    X(AHEAD, "ahead")
enum kt_set {
#define X(sym, id) KT_SET_##sym,
    KT_SET_LIST(X)
#undef X
};
/** enum kt_set of its word; -1 when there is none. */
int kt_set_of(struct kt_str id);

/* What evaluation asks about the present. */
struct kt_expr_live {
    void *arg;
    struct kt_expr_sample (*value)(void *arg, kt_point_id p);
    /** Limit in force; false when the point has none. idx is enum kt_limit_name's order:
     *  warn alarm cut restore low_alarm low_cut low_restore */
    bool (*limit)(void *arg, kt_point_id p, int idx, double *ret);
    bool (*quality)(void *arg, kt_point_id p, struct kt_str quality_id);
    bool (*flag)(void *arg, kt_point_id p, enum kt_flag flag);
    double (*resolution)(void *arg, kt_point_id p);
    /** Call fn for each point of the set around `self` with a role that fits; stop when fn says
     * false. */
    void (*each)(void *arg, enum kt_set set, kt_point_id self, struct kt_str role,
                 bool (*fn)(void *fn_arg, kt_point_id it), void *fn_arg);
};

/*
 * Windows: avg min max count rate delta over a duration. Each window node of an expression has one
 * kt_window per instance, fed with every sample of its point and asked at evaluation.
 * A window keeps bounded memory (at most KT_WINDOW_BUCKETS sub-intervals), is exact for min, max,
 * count, and for avg over the sub-intervals it covers; it is unknown until it has seen a known
 * sample, and `rate`/`delta` until it spans the duration or half of it.
 * It covers its duration and at most a 31st more. An over-range sample that counts as high is fed
 * as +infinity.
 */
#define KT_WINDOW_BUCKETS 32
struct kt_window;
uint32_t kt_expr_windows(const struct kt_expr *e); /**< how many window nodes */
/** Which point window i watches: KT_NONE means self. */
kt_point_id kt_expr_window_point(const struct kt_expr *e, uint32_t i);
int64_t kt_expr_window_span(const struct kt_expr *e, uint32_t i); /**< ns */
size_t kt_window_size(void);
void kt_window_init(struct kt_window *w, int64_t span_ns);
void kt_window_feed(struct kt_window *w, kt_time t, double value, bool known);
void kt_window_save(const struct kt_window *w, struct kt_buf *out);
KT_MUST_CHECK int kt_window_load(struct kt_window *w, struct kt_rd *in);

/**
 * Evaluate for one instance at engine time now. A window is read as of the later of now and its
 * newest sample.
 * @param windows array of kt_expr_windows(e) windows (kt_window_size() bytes each) or NULL when 0
 */
enum kt_tri kt_expr_eval(const struct kt_expr *e, const struct kt_expr_live *live, kt_point_id self,
                         kt_time now, const void *windows);

/*
 * The fast shape `self CMP limit.NAME` or `self CMP number` (with `self` alone): the engine
 * compares without evaluating. op: '<', 'l' (<=), '>', 'g' (>=).
 */
struct kt_expr_simple {
    char op;
    int limit; /* index of the limit, or -1 for a number */
    double number;
};
bool kt_expr_is_simple(const struct kt_expr *e, struct kt_expr_simple *ret);
/** Does it ask for quality and flags of self alone? Then no value, limit, window or time and no
 *  other point changes it. */
bool kt_expr_is_state(const struct kt_expr *e);
bool kt_expr_uses_time(const struct kt_expr *e); /**< has windows: must be evaluated on ticks too */

/** Points named by point("ID"), in order, without doubles. Returns the count; at most cap written.
 */
uint32_t kt_expr_points(const struct kt_expr *e, kt_point_id *ret, uint32_t cap);
/* A set that any() or all() looks through. */
struct kt_expr_set {
    enum kt_set set;
    struct kt_str role; /* pattern; borrowed from the expression */
};
/** Its sets in order; returns the count; at most cap written. */
uint32_t kt_expr_sets(const struct kt_expr *e, struct kt_expr_set *ret, uint32_t cap);
bool kt_expr_uses_set(const struct kt_expr *e); /**< any()/all(): reads other points by topology */

/*
 * Proofs for `kuangtu check`. limit_of gives the value of limit idx for the instance being proved.
 * never: no value of the points can make it true. overlap: both can be true at once.
 * The answers are sound for "proved" and say no when the expression is beyond them: true from
 * either is a proof, false is no proof of the contrary. A limit that limit_of does not have makes
 * what compares with it unknown, so never true.
 */
typedef bool (*kt_expr_limit_fn)(void *arg, int idx, double *ret);
bool kt_expr_never_true(const struct kt_expr *e, kt_expr_limit_fn limit_of, void *arg);
bool kt_expr_can_overlap(const struct kt_expr *a, const struct kt_expr *b, kt_point_id self_a,
                         kt_point_id self_b, kt_expr_limit_fn limit_of_a, void *arg_a,
                         kt_expr_limit_fn limit_of_b, void *arg_b);
/** Lowest threshold at which `self >= x` or `self > x` becomes true alone, if of that shape. */
bool kt_expr_threshold(const struct kt_expr *e, kt_expr_limit_fn limit_of, void *arg, double *ret,
                       bool *ret_high);
/** Compare at a resolution: -1, 0, 1. The one place where values meet limits. */
int kt_compare_at(double a, double b, double resolution);
#endif
