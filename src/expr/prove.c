/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prove: what can be said of a condition for all values. truth() gives the situations in which a
 * condition is true, or false, as a union of boxes; what it does not understand becomes a box that
 * holds everything and is not exact. Recursion is bounded by EXPR_MAX_HEIGHT.
 */
#include "expr/box.h"

#define INF      __builtin_inf()
#define IT_POINT ((kt_point_id){UINT32_MAX - 1})

enum side_kind { SIDE_NUMBER, SIDE_VARIABLE, SIDE_UNKNOWN, SIDE_OTHER };

struct side {
    enum side_kind kind;
    double number;
    double resolution; /* of a number that is a limit; 0: none */
    bool fuzzy;        /* a limit whose resolution is not known */
    uint8_t var;
};

static bool self_is_fuzzy(const struct kt_expr *e)
{
    return e->self_mixed && !(e->self_resolution > 0);
}

static struct var scale_of(const struct kt_expr *e, const struct expr_node *n)
{
    struct var v = {.scale = SCALE_EXACT};
    bool counts = n->op == OP_WINDOW && (n->arg == WIN_COUNT || n->arg == WIN_RATE);
    if (counts) {
        return v;
    }
    if (n->ref == REF_IT || (n->ref == REF_SELF && self_is_fuzzy(e))) {
        v.scale = SCALE_FUZZY;
        return v;
    }
    v.resolution = n->ref == REF_SELF ? e->self_resolution : 0;
    for (uint32_t i = 0; n->ref == REF_POINT && i < e->points_n; i++) {
        v.resolution = e->points[i].id.v == n->point.v ? e->points[i].resolution : v.resolution;
    }
    v.scale = v.resolution > 0 ? SCALE_GRID : SCALE_EXACT;
    return v;
}

/* The same variable may be met through two expressions that know its resolution differently. */
static void merge_scale(struct var *v, const struct var *again)
{
    if (v->stuck || again->scale == SCALE_FUZZY) {
        return;
    }
    if (v->scale == SCALE_FUZZY) {
        v->scale = again->scale;
        v->resolution = again->resolution;
    } else if (v->scale != again->scale || v->resolution != again->resolution) {
        v->scale = SCALE_FUZZY;
        v->stuck = true;
    }
}

static bool variable(struct prover *p, enum var_kind kind, const struct expr_node *n, uint8_t *ret)
{
    bool measured = kind == VAR_VALUE || kind == VAR_WINDOW;
    struct var v = measured ? scale_of(p->e, n) : (struct var){.scale = SCALE_EXACT};
    v.kind = (uint8_t)kind;
    v.arg = kind == VAR_FLAG || kind == VAR_WINDOW ? n->arg : 0;
    v.point = n->ref == REF_SELF ? p->self : n->ref == REF_IT ? IT_POINT : n->point;
    v.span = kind == VAR_WINDOW ? p->e->windows[n->window].span : 0;
    for (uint32_t i = 0; i < p->vars_n; i++) {
        struct var *have = &p->vars[i];
        if (have->kind == v.kind && have->arg == v.arg && have->point.v == v.point.v &&
            have->span == v.span) {
            merge_scale(have, &v);
            *ret = (uint8_t)i;
            return true;
        }
    }
    if (p->vars_n == BOX_VARIABLES) {
        return false;
    }
    *ret = (uint8_t)p->vars_n;
    p->vars[p->vars_n++] = v;
    return true;
}

static struct side side_of(struct prover *p, uint16_t i);

static struct side limit_side(const struct prover *p, int idx)
{
    struct side s = {
        .kind = SIDE_NUMBER, .resolution = p->e->self_resolution, .fuzzy = self_is_fuzzy(p->e)};
    if (!p->limit_of(p->arg, idx, &s.number) || s.number != s.number) {
        s.kind = SIDE_UNKNOWN;
    }
    return s;
}

static struct side computed(struct prover *p, const struct expr_node *n)
{
    struct side a = side_of(p, n->a);
    if (n->op == OP_CONVERT) {
        double factor = n->num < 0 ? -n->num : n->num;
        a.number = a.number * n->num + n->shift;
        a.resolution *= factor;
        a.kind = a.kind == SIDE_VARIABLE ? SIDE_OTHER : a.kind;
        return a;
    }
    struct side b = side_of(p, n->b);
    if (a.kind == SIDE_UNKNOWN || b.kind == SIDE_UNKNOWN) {
        return (struct side){.kind = SIDE_UNKNOWN};
    }
    if (a.kind != SIDE_NUMBER || b.kind != SIDE_NUMBER || n->op == OP_MUL || n->op == OP_DIV) {
        return (struct side){.kind = SIDE_OTHER};
    }
    a.number = n->op == OP_ADD ? a.number + b.number : a.number - b.number;
    a.resolution = a.resolution > b.resolution ? a.resolution : b.resolution;
    a.fuzzy = a.fuzzy || b.fuzzy;
    return a;
}

static struct side side_of(struct prover *p, uint16_t i)
{
    const struct expr_node *n = &p->e->nodes[i];
    struct side s = {.kind = SIDE_VARIABLE};
    switch (n->op) {
    case OP_NUM:
        return (struct side){.kind = SIDE_NUMBER, .number = n->num};
    case OP_LIMIT:
        return limit_side(p, n->arg);
    case OP_VALUE:
    case OP_WINDOW:
        if (!variable(p, n->op == OP_VALUE ? VAR_VALUE : VAR_WINDOW, n, &s.var)) {
            s.kind = SIDE_OTHER;
        }
        return s;
    default:
        return computed(p, n);
    }
}

static enum expr_cmp mirrored(enum expr_cmp c)
{
    static const enum expr_cmp table[] = {CMP_GT, CMP_GE, CMP_LT, CMP_LE, CMP_EQ, CMP_NE};
    return table[c];
}

static enum expr_cmp negated(enum expr_cmp c)
{
    static const enum expr_cmp table[] = {CMP_GE, CMP_GT, CMP_LE, CMP_LT, CMP_NE, CMP_EQ};
    return table[c];
}

static bool holds(enum expr_cmp c, int sign)
{
    switch (c) {
    case CMP_LT:
        return sign < 0;
    case CMP_LE:
        return sign <= 0;
    case CMP_GT:
        return sign > 0;
    case CMP_GE:
        return sign >= 0;
    case CMP_EQ:
        return sign == 0;
    default:
        return sign != 0;
    }
}

static struct boxes numbers(struct prover *p, const struct side *a, const struct side *b,
                            enum expr_cmp cmp)
{
    if (a->fuzzy || b->fuzzy) {
        return box_all(p, false);
    }
    double res = a->resolution > b->resolution ? a->resolution : b->resolution;
    return holds(cmp, kt_compare_at(a->number, b->number, res)) ? box_all(p, true) : box_none();
}

/* The bound in the scale of the variable; a bound on another grid makes the variable fuzzy. A limit
 * is on the grid of self. */
static double bound_of(struct prover *p, struct var *v, const struct side *s)
{
    bool own = v->kind == VAR_VALUE && v->point.v == p->self.v;
    bool other_grid = s->fuzzy ? v->scale != SCALE_FUZZY : s->resolution > v->resolution;
    double steps = s->number;
    if ((other_grid && !own) ||
        (v->scale == SCALE_GRID && !expr_steps(s->number, v->resolution, &steps))) {
        v->scale = SCALE_FUZZY;
        v->stuck = true;
    }
    return p->raw || v->scale != SCALE_GRID ? s->number : steps;
}

static struct boxes above(struct prover *p, uint8_t var, double bound, bool open)
{
    if (open && !p->raw && p->vars[var].scale == SCALE_GRID) {
        return box_one(p, var, (struct interval){bound + 1, INF, false, false});
    }
    return box_one(p, var, (struct interval){bound, INF, open, false});
}

static struct boxes below(struct prover *p, uint8_t var, double bound, bool open)
{
    if (open && !p->raw && p->vars[var].scale == SCALE_GRID) {
        return box_one(p, var, (struct interval){-INF, bound - 1, false, false});
    }
    return box_one(p, var, (struct interval){-INF, bound, false, open});
}

static struct boxes against(struct prover *p, uint8_t var, double bound, enum expr_cmp cmp)
{
    switch (cmp) {
    case CMP_LT:
    case CMP_LE:
        return below(p, var, bound, cmp == CMP_LT);
    case CMP_GT:
    case CMP_GE:
        return above(p, var, bound, cmp == CMP_GT);
    case CMP_EQ:
        return box_one(p, var, (struct interval){bound, bound, false, false});
    default:
        return box_unite(p, below(p, var, bound, true), above(p, var, bound, true));
    }
}

static struct boxes comparison(struct prover *p, const struct expr_node *n, bool want)
{
    struct side a = side_of(p, n->a), b = side_of(p, n->b);
    enum expr_cmp cmp = want ? (enum expr_cmp)n->arg : negated((enum expr_cmp)n->arg);
    if (a.kind == SIDE_UNKNOWN || b.kind == SIDE_UNKNOWN) {
        return box_none();
    }
    if (a.kind == SIDE_NUMBER && b.kind == SIDE_NUMBER) {
        return numbers(p, &a, &b, cmp);
    }
    if (a.kind == SIDE_VARIABLE && b.kind == SIDE_NUMBER) {
        return against(p, a.var, bound_of(p, &p->vars[a.var], &b), cmp);
    }
    if (a.kind == SIDE_NUMBER && b.kind == SIDE_VARIABLE) {
        return against(p, b.var, bound_of(p, &p->vars[b.var], &a), mirrored(cmp));
    }
    bool same = a.kind == SIDE_VARIABLE && b.kind == SIDE_VARIABLE && a.var == b.var;
    return same && !holds(cmp, 0) ? box_none() : box_all(p, false);
}

static struct boxes fact(struct prover *p, enum var_kind kind, const struct expr_node *n, bool want)
{
    uint8_t var;
    if (!variable(p, kind, n, &var)) {
        return box_all(p, false);
    }
    if (kind == VAR_QUALITY) {
        return against(p, var, n->arg, want ? CMP_EQ : CMP_NE);
    }
    return against(p, var, want, CMP_EQ);
}

static struct boxes truth(struct prover *p, uint16_t i, bool want)
{
    const struct expr_node *n = &p->e->nodes[i];
    switch (n->op) {
    case OP_CMP:
        return comparison(p, n, want);
    case OP_AND:
    case OP_OR:
        return (n->op == OP_AND) == want ? box_cross(p, truth(p, n->a, want), truth(p, n->b, want))
                                         : box_unite(p, truth(p, n->a, want), truth(p, n->b, want));
    case OP_NOT:
        return truth(p, n->a, !want);
    case OP_QUALITY:
        return fact(p, VAR_QUALITY, n, want);
    case OP_KNOWN:
        return fact(p, VAR_KNOWN, n, want);
    case OP_FLAG:
        return fact(p, VAR_FLAG, n, want);
    case OP_ANY:
    case OP_ALL:
        /* true any() and false all() need a member that makes them so */
        return (n->op == OP_ANY) == want && truth(p, n->a, want).n == 0 ? box_none()
                                                                        : box_all(p, false);
    default:
        return n->arg == (want ? KT_TRUE : KT_FALSE) ? box_all(p, true) : box_none();
    }
}

static void look_at(struct prover *p, const struct kt_expr *e, kt_expr_limit_fn limit_of, void *arg,
                    kt_point_id self)
{
    p->e = e;
    p->limit_of = limit_of;
    p->arg = arg;
    p->self = self;
}

static struct boxes whole(struct prover *p)
{
    return truth(p, (uint16_t)(p->e->n - 1), true);
}

static struct prover *prover_new(void)
{
    struct kt_arena *a = kt_arena_new(0);
    struct prover *p = KT_NEW(a, struct prover);
    p->arena = a;
    return p;
}

bool kt_expr_never_true(const struct kt_expr *e, kt_expr_limit_fn limit_of, void *arg)
{
    struct prover *p = prover_new();
    look_at(p, e, limit_of, arg, (kt_point_id){KT_NONE});
    p->raw = true; /* once to find the variables and how exact each is */
    whole(p);
    p->raw = false;
    bool never = whole(p).n == 0;
    kt_arena_free(p->arena);
    return never;
}

bool kt_expr_can_overlap(const struct kt_expr *a, const struct kt_expr *b, kt_point_id self_a,
                         kt_point_id self_b, kt_expr_limit_fn limit_of_a, void *arg_a,
                         kt_expr_limit_fn limit_of_b, void *arg_b)
{
    struct prover *p = prover_new();
    struct boxes x = {0}, y = {0};
    for (int round = 0; round < 2; round++) {
        p->raw = round == 0;
        look_at(p, a, limit_of_a, arg_a, self_a);
        x = whole(p);
        look_at(p, b, limit_of_b, arg_b, self_b);
        y = whole(p);
    }
    struct boxes both = box_cross(p, x, y);
    bool found = false;
    for (uint32_t i = 0; i < both.n && !found; i++) {
        found = box_is_witness(p, &both.b[i]);
    }
    kt_arena_free(p->arena);
    return found;
}

/* The bounds that a box sets to the value of self; false when it asks for anything else. */
static bool self_alone(const struct prover *p, const struct box *b, struct interval *ret)
{
    bool value = false;
    for (uint8_t i = 0; i < b->n; i++) {
        const struct var *v = &p->vars[b->c[i].var];
        if (v->point.v != p->self.v ||
            !(v->kind == VAR_VALUE || (v->kind == VAR_KNOWN && b->c[i].in.lo == 1))) {
            return false;
        }
        if (v->kind == VAR_VALUE) {
            *ret = b->c[i].in;
            value = true;
        }
    }
    return value && b->exact;
}

bool kt_expr_threshold(const struct kt_expr *e, kt_expr_limit_fn limit_of, void *arg, double *ret,
                       bool *ret_high)
{
    struct prover *p = prover_new();
    double high = INF, low = -INF;
    look_at(p, e, limit_of, arg, (kt_point_id){KT_NONE});
    p->raw = true;
    struct boxes all = whole(p);
    for (uint32_t i = 0; i < all.n; i++) {
        struct interval in = {0};
        if (!self_alone(p, &all.b[i], &in)) {
            continue;
        }
        if (in.hi == INF && in.lo > -INF && in.lo < high) {
            high = in.lo;
        } else if (in.lo == -INF && in.hi < INF && in.hi > low) {
            low = in.hi;
        }
    }
    kt_arena_free(p->arena);
    if (high == INF && low == -INF) {
        return false;
    }
    *ret = high < INF ? high : low;
    *ret_high = high < INF;
    return true;
}
