/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_EXPR_NODE_H
#define KT_EXPR_NODE_H
/*
 * node: private to expr. What a compiled expression is made of.
 *
 * Invariants: a child's index is smaller than its parent's; `height` of a node is one more than the
 * highest of its children and at most EXPR_MAX_HEIGHT, so walks over the tree may recurse; any()
 * and all() do not nest.
 */
#include "expr/expr.h"

enum { EXPR_MAX_TEXT = 4096, EXPR_MAX_NODES = 256, EXPR_MAX_HEIGHT = 128, EXPR_MAX_NESTING = 48 };

enum expr_op {
    /* values */
    OP_NUM,     /* num */
    OP_VALUE,   /* of ref */
    OP_LIMIT,   /* arg: index of the limit, of self */
    OP_WINDOW,  /* arg: enum expr_window_fn; window: index; of ref */
    OP_CONVERT, /* a * num + shift */
    OP_ADD,
    OP_SUB,
    OP_MUL,
    OP_DIV,
    /* conditions */
    OP_TRI, /* arg: enum kt_tri */
    OP_CMP, /* arg: enum expr_cmp */
    OP_AND,
    OP_OR,
    OP_NOT,
    OP_QUALITY, /* text; of ref */
    OP_KNOWN,   /* of ref */
    OP_FLAG,    /* arg: enum kt_flag; of ref */
    OP_ANY,     /* arg: enum kt_set around ref; text: role; a: condition over `it` */
    OP_ALL,
};

enum expr_cmp { CMP_LT, CMP_LE, CMP_GT, CMP_GE, CMP_EQ, CMP_NE };
enum expr_ref { REF_SELF, REF_IT, REF_POINT };
enum expr_window_fn { WIN_AVG, WIN_MIN, WIN_MAX, WIN_COUNT, WIN_RATE, WIN_DELTA };

struct expr_node {
    uint8_t op, arg, ref;
    uint16_t a, b, height;
    kt_point_id point; /* REF_POINT */
    uint32_t window;
    double num, shift;
    struct kt_str text;
};

struct expr_window {
    kt_point_id point; /* KT_NONE: self */
    int64_t span;
};

struct expr_point {
    kt_point_id id;
    double resolution;
};

struct kt_expr {
    struct expr_node *nodes; /* the last one is the root */
    uint32_t n;
    struct expr_window *windows;
    uint32_t windows_n;
    struct expr_point *points;
    uint32_t points_n;
    bool uses_set, is_simple;
    uint8_t simple_signs; /* bit 0: holds below the bound, 1: at it, 2: above it */
    bool self_mixed;      /* self's unit, and so its resolution, differs between points */
    double self_resolution;
    struct kt_expr_simple simple;
};

extern const char *const expr_limit_names[7];

/* How a window looks at one time. */
struct expr_view {
    uint32_t n; /* known samples that it covers */
    bool seen;  /* a known sample was ever fed */
    double min, max, sum, first, last;
    kt_time first_t, last_t;
};
struct expr_view expr_window_view(const struct kt_window *w, kt_time now);
int64_t expr_window_span_of(const struct kt_window *w);
#endif
