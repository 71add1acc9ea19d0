/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eval: walks a compiled expression. Recursion is bounded by EXPR_MAX_HEIGHT at compile time.
 *
 * A value is unknown, known, or known on one side only: while the present of a point is not known,
 * the greatest of its last while is at least what was seen and the smallest at most that. An
 * over-range sample of a sensor whose role says so is +infinity: above every number.
 */
#include "expr/node.h"

enum state { UNKNOWN, KNOWN, AT_LEAST, AT_MOST };

struct value {
    double v;
    double resolution; /* 0: exact */
    enum state state;
};

struct context {
    const struct kt_expr *e;
    const struct kt_expr_live *live;
    const char *windows;
    kt_time now;
    kt_point_id self, it;
};

#define NO_VALUE          ((struct value){0, 0, UNKNOWN})
#define POSITIVE_INFINITY __builtin_inf()

static kt_point_id point_of(const struct context *c, const struct expr_node *n)
{
    return n->ref == REF_SELF ? c->self : n->ref == REF_IT ? c->it : n->point;
}

/* A number, or unknown when arithmetic gave none. */
static struct value result(double v, double resolution)
{
    return (struct value){v, resolution, v == v ? KNOWN : UNKNOWN};
}

static struct value present(const struct context *c, kt_point_id p)
{
    struct kt_expr_sample s = c->live->value(c->live->arg, p);
    if (s.high) {
        return (struct value){POSITIVE_INFINITY, 0, KNOWN};
    }
    if (!s.known) {
        return NO_VALUE;
    }
    return result(s.value, c->live->resolution(c->live->arg, p));
}

static struct value change(const struct expr_view *v, int64_t span, bool rate, double resolution)
{
    int64_t apart = v->last_t - v->first_t;
    if (v->n < 2 || apart < span / 2 || apart <= 0) {
        return NO_VALUE;
    }
    double delta = v->last - v->first;
    return rate ? result(delta / ((double)apart / 1e9), 0) : result(delta, resolution);
}

static struct value window(const struct context *c, const struct expr_node *n)
{
    const struct kt_window *w = (const void *)(c->windows + (size_t)n->window * kt_window_size());
    struct expr_view v = expr_window_view(w, c->now);
    if (n->arg == WIN_COUNT) {
        return v.seen ? result(v.n, 0) : NO_VALUE;
    }
    kt_point_id p = point_of(c, n);
    struct value now = present(c, p);
    if (v.n == 0) {
        return NO_VALUE;
    }
    double res = c->live->resolution(c->live->arg, p);
    struct value r = NO_VALUE;
    switch ((enum expr_window_fn)n->arg) {
    case WIN_MIN:
        r = result(v.min, res);
        r.state = now.state == UNKNOWN ? AT_MOST : r.state;
        return r;
    case WIN_MAX:
        r = result(v.max, res);
        r.state = now.state == UNKNOWN ? AT_LEAST : r.state;
        return r;
    case WIN_AVG:
        r = result(v.sum / v.n, res);
        break;
    case WIN_RATE:
    case WIN_DELTA:
        r = change(&v, expr_window_span_of(w), n->arg == WIN_RATE, res);
        break;
    case WIN_COUNT:
        break;
    }
    return now.state == UNKNOWN ? NO_VALUE : r;
}

static struct value convert(struct value a, const struct expr_node *n)
{
    double factor = n->num < 0 ? -n->num : n->num;
    a.v = a.v * n->num + n->shift;
    a.resolution *= factor;
    if (n->num < 0 && a.state > KNOWN) {
        a.state = a.state == AT_LEAST ? AT_MOST : AT_LEAST;
    }
    return a.v == a.v ? a : NO_VALUE;
}

static struct value evaluate(const struct context *c, uint16_t i);

/* Scaling keeps the steps of a measured value; other products are exact. */
static struct value product(const struct expr_node *n, struct value a, struct value b)
{
    double factor = 0;
    if (n->op == OP_MUL) {
        factor = a.resolution > 0 && b.resolution > 0 ? 0 : a.resolution > 0 ? b.v : a.v;
        double res =
            (a.resolution > 0 ? a.resolution : b.resolution) * (factor < 0 ? -factor : factor);
        return result(a.v * b.v, res);
    }
    if (b.v == 0 || b.v == POSITIVE_INFINITY || b.v == -POSITIVE_INFINITY) {
        return NO_VALUE;
    }
    double res = b.resolution > 0 ? 0 : a.resolution / (b.v < 0 ? -b.v : b.v);
    return result(a.v / b.v, res);
}

static struct value arithmetic(const struct context *c, const struct expr_node *n)
{
    struct value a = evaluate(c, n->a), b = evaluate(c, n->b);
    if (a.state != KNOWN || b.state != KNOWN) {
        return NO_VALUE;
    }
    double coarser = a.resolution > b.resolution ? a.resolution : b.resolution;
    switch (n->op) {
    case OP_ADD:
        return result(a.v + b.v, coarser);
    case OP_SUB:
        return result(a.v - b.v, coarser);
    default:
        return product(n, a, b);
    }
}

static struct value evaluate(const struct context *c, uint16_t i)
{
    const struct expr_node *n = &c->e->nodes[i];
    double limit;
    switch (n->op) {
    case OP_NUM:
        return (struct value){n->num, 0, KNOWN};
    case OP_VALUE:
        return present(c, point_of(c, n));
    case OP_LIMIT:
        if (!c->live->limit(c->live->arg, c->self, n->arg, &limit)) {
            return NO_VALUE;
        }
        return result(limit, c->live->resolution(c->live->arg, c->self));
    case OP_WINDOW:
        return window(c, n);
    case OP_CONVERT:
        return convert(evaluate(c, n->a), n);
    default:
        return arithmetic(c, n);
    }
}

static bool holds(int sign, uint8_t cmp)
{
    switch ((enum expr_cmp)cmp) {
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

/* Which sides of the comparison are still possible: a set of signs. */
static enum kt_tri decide(uint8_t cmp, bool less, bool equal, bool greater)
{
    bool yes = (less && holds(-1, cmp)) || (equal && holds(0, cmp)) || (greater && holds(1, cmp));
    bool no = (less && !holds(-1, cmp)) || (equal && !holds(0, cmp)) || (greater && !holds(1, cmp));
    return yes && no ? KT_UNKNOWN : yes ? KT_TRUE : KT_FALSE;
}

static bool infinite(double v)
{
    return v == POSITIVE_INFINITY || v == -POSITIVE_INFINITY;
}

static enum kt_tri compare(struct value a, struct value b, uint8_t cmp)
{
    if (a.state == UNKNOWN || b.state == UNKNOWN || (infinite(a.v) && a.v == b.v)) {
        return KT_UNKNOWN;
    }
    double res = a.resolution > b.resolution ? a.resolution : b.resolution;
    int sign = kt_compare_at(a.v, b.v, res);
    /* a may be greater than what is known of it, or b smaller; and the other way round */
    bool up = a.state == AT_LEAST || b.state == AT_MOST;
    bool down = a.state == AT_MOST || b.state == AT_LEAST;
    return decide(cmp, sign < 0 || down, sign == 0 || (up && sign < 0) || (down && sign > 0),
                  sign > 0 || up);
}

static enum kt_tri condition(const struct context *c, uint16_t i);

struct member {
    struct context c; /* with `it` bound */
    uint16_t node;
    enum kt_tri stop, so_far;
};

static bool member(void *arg, kt_point_id it)
{
    struct member *m = arg;
    m->c.it = it;
    enum kt_tri t = condition(&m->c, m->node);
    if (t == m->stop) {
        m->so_far = t;
        return false;
    }
    m->so_far = t == KT_UNKNOWN ? KT_UNKNOWN : m->so_far;
    return true;
}

/* any() is the `or` over the set, all() the `and`; over nothing they are false and true. */
static enum kt_tri over_set(const struct context *c, const struct expr_node *n)
{
    bool any = n->op == OP_ANY;
    struct member m = {*c, n->a, any ? KT_TRUE : KT_FALSE, any ? KT_FALSE : KT_TRUE};
    c->live->each(c->live->arg, (enum kt_set)n->arg, point_of(c, n), n->text, member, &m);
    return m.so_far;
}

static enum kt_tri and_or(const struct context *c, const struct expr_node *n)
{
    enum kt_tri stop = n->op == OP_AND ? KT_FALSE : KT_TRUE;
    enum kt_tri a = condition(c, n->a);
    if (a == stop) {
        return stop;
    }
    enum kt_tri b = condition(c, n->b);
    return b == stop ? stop : a == KT_UNKNOWN ? a : b;
}

static enum kt_tri condition(const struct context *c, uint16_t i)
{
    const struct expr_node *n = &c->e->nodes[i];
    enum kt_tri t;
    switch (n->op) {
    case OP_CMP:
        return compare(evaluate(c, n->a), evaluate(c, n->b), n->arg);
    case OP_AND:
    case OP_OR:
        return and_or(c, n);
    case OP_NOT:
        t = condition(c, n->a);
        return t == KT_UNKNOWN ? t : t == KT_TRUE ? KT_FALSE : KT_TRUE;
    case OP_QUALITY:
        return c->live->quality(c->live->arg, point_of(c, n), n->text) ? KT_TRUE : KT_FALSE;
    case OP_KNOWN:
        return present(c, point_of(c, n)).state != UNKNOWN ? KT_TRUE : KT_FALSE;
    case OP_FLAG:
        return c->live->flag(c->live->arg, point_of(c, n), (enum kt_flag)n->arg) ? KT_TRUE
                                                                                 : KT_FALSE;
    case OP_ANY:
    case OP_ALL:
        return over_set(c, n);
    default:
        return (enum kt_tri)n->arg;
    }
}

/* Far apart, the common case, needs no division. */
static inline int sign_at(double a, double b, double resolution)
{
    double apart = a - b;
    if (apart > 2 * resolution) {
        return 1;
    }
    return apart < -2 * resolution ? -1 : kt_compare_at(a, b, resolution);
}

/* `self CMP limit` without a walk. */
static enum kt_tri simple(const struct kt_expr *e, const struct kt_expr_live *live,
                          kt_point_id self)
{
    struct kt_expr_sample x = live->value(live->arg, self);
    double bound = e->simple.number;
    if (KT_UNLIKELY(!x.known && !x.high)) {
        return KT_UNKNOWN;
    }
    if (e->simple.limit >= 0 && !live->limit(live->arg, self, e->simple.limit, &bound)) {
        return KT_UNKNOWN;
    }
    double value = KT_UNLIKELY(x.high) ? POSITIVE_INFINITY : x.value;
    if (KT_UNLIKELY(__builtin_isunordered(value, bound))) {
        return KT_UNKNOWN;
    }
    int sign = sign_at(value, bound, live->resolution(live->arg, self));
    return (enum kt_tri)(e->simple_signs >> (sign + 1) & 1);
}

static enum kt_tri walk(const struct kt_expr *e, const struct kt_expr_live *live, kt_point_id self,
                        kt_time now, const void *windows)
{
    struct context c = {e, live, windows, now, self, {KT_NONE}};
    KT_ASSERT(windows || e->windows_n == 0);
    return condition(&c, (uint16_t)(e->n - 1));
}

enum kt_tri kt_expr_eval(const struct kt_expr *e, const struct kt_expr_live *live, kt_point_id self,
                         kt_time now, const void *windows)
{
    return KT_LIKELY(e->is_simple) ? simple(e, live, self) : walk(e, live, self, now, windows);
}

uint32_t kt_expr_windows(const struct kt_expr *e)
{
    return e->windows_n;
}

kt_point_id kt_expr_window_point(const struct kt_expr *e, uint32_t i)
{
    KT_ASSERT(i < e->windows_n);
    return e->windows[i].point;
}

int64_t kt_expr_window_span(const struct kt_expr *e, uint32_t i)
{
    KT_ASSERT(i < e->windows_n);
    return e->windows[i].span;
}

bool kt_expr_is_simple(const struct kt_expr *e, struct kt_expr_simple *ret)
{
    if (e->is_simple) {
        *ret = e->simple;
    }
    return e->is_simple;
}

bool kt_expr_uses_time(const struct kt_expr *e)
{
    return e->windows_n > 0;
}

uint32_t kt_expr_points(const struct kt_expr *e, kt_point_id *ret, uint32_t cap)
{
    for (uint32_t i = 0; i < e->points_n && i < cap; i++) {
        ret[i] = e->points[i].id;
    }
    return e->points_n;
}

bool kt_expr_uses_set(const struct kt_expr *e)
{
    return e->uses_set;
}

uint32_t kt_expr_sets(const struct kt_expr *e, struct kt_expr_set *ret, uint32_t cap)
{
    uint32_t n = 0;
    for (uint32_t i = 0; e->uses_set && i < e->n; i++) {
        const struct expr_node *node = &e->nodes[i];
        if (node->op == OP_ANY || node->op == OP_ALL) {
            if (n < cap) {
                ret[n] = (struct kt_expr_set){(enum kt_set)node->arg, node->text};
            }
            n++;
        }
    }
    return n;
}

bool kt_expr_is_state(const struct kt_expr *e)
{
    for (uint32_t i = 0; i < e->n; i++) {
        const struct expr_node *n = &e->nodes[i];
        switch ((enum expr_op)n->op) {
        case OP_TRI:
        case OP_AND:
        case OP_OR:
        case OP_NOT:
            break;
        case OP_QUALITY:
        case OP_FLAG:
            if (n->ref == REF_SELF) {
                break;
            }
            return false;
        default:
            return false;
        }
    }
    return true;
}
