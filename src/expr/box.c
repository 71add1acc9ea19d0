/* SPDX-License-Identifier: Apache-2.0 */
#include "expr/box.h"

#include "base/sample.h"

#define INF __builtin_inf()

/* In the order of the quality names that the compiler knows. */
static const uint8_t grades[] = {
#define X(sym, code, id, grade) (grade),
    KT_QUALITY_LIST(X)
#undef X
};
static const uint8_t codes[] = {
#define X(sym, code, id, grade) (code),
    KT_QUALITY_LIST(X)
#undef X
};

struct boxes box_none(void)
{
    return (struct boxes){NULL, 0};
}

struct boxes box_all(struct prover *p, bool exact)
{
    struct box *b = KT_NEW(p->arena, struct box);
    b->exact = exact;
    return (struct boxes){b, 1};
}

struct boxes box_one(struct prover *p, uint8_t var, struct interval in)
{
    struct boxes r = box_all(p, true);
    r.b->n = 1;
    r.b->c[0] = (struct constraint){var, in.lo_open || in.hi_open, in};
    return r;
}

struct boxes box_unite(struct prover *p, struct boxes a, struct boxes b)
{
    if (a.n == 0 || b.n == 0) {
        return a.n ? a : b;
    }
    if (a.n + b.n > BOX_MAX) {
        return box_all(p, false);
    }
    struct boxes r = {KT_NEW_ARRAY(p->arena, struct box, a.n + b.n), a.n + b.n};
    memcpy(r.b, a.b, a.n * sizeof(*a.b));
    memcpy(r.b + a.n, b.b, b.n * sizeof(*b.b));
    return r;
}

static struct interval both(struct interval a, struct interval b)
{
    struct interval r = a;
    if (b.lo > a.lo || (b.lo == a.lo && b.lo_open)) {
        r.lo = b.lo;
        r.lo_open = b.lo_open;
    }
    if (b.hi < a.hi || (b.hi == a.hi && b.hi_open)) {
        r.hi = b.hi;
        r.hi_open = b.hi_open;
    }
    return r;
}

static bool is_empty(const struct prover *p, const struct constraint *c)
{
    bool open = c->in.lo_open || c->in.hi_open;
    /* at a coarse resolution >= 1.004 and <= 1.0 can both hold */
    if (!open && !p->raw && p->vars[c->var].scale == SCALE_FUZZY) {
        return false;
    }
    return c->in.lo > c->in.hi || (c->in.lo == c->in.hi && open);
}

static const struct constraint *find(const struct prover *p, const struct box *b,
                                     enum var_kind kind, kt_point_id point)
{
    for (uint8_t i = 0; i < b->n; i++) {
        const struct var *v = &p->vars[b->c[i].var];
        if (v->kind == kind && v->point.v == point.v) {
            return &b->c[i];
        }
    }
    return NULL;
}

static bool inside(const struct interval *in, double x)
{
    return (x > in->lo || (x == in->lo && !in->lo_open)) &&
           (x < in->hi || (x == in->hi && !in->hi_open));
}

/* Is there a quality of the point that allows what the box says of it? A value is known when the
 * quality is good or uncertain, or when it is over-range and counts as high. */
static bool possible(const struct prover *p, const struct box *b, kt_point_id point)
{
    const struct constraint *value = find(p, b, VAR_VALUE, point);
    const struct constraint *known = find(p, b, VAR_KNOWN, point);
    const struct constraint *quality = find(p, b, VAR_QUALITY, point);
    for (size_t k = 0; k < sizeof(grades); k++) {
        if (quality && !inside(&quality->in, (double)k)) {
            continue;
        }
        bool good = grades[k] != KT_Q_BAD;
        bool high = codes[k] == (KT_Q_OVER_RANGE & ~KT_Q_GRADE);
        bool value_ok = !value || good || (high && value->in.hi == INF);
        bool known_ok = !known || (known->in.lo == 1 ? good || high : !good);
        bool together = !(value && known && known->in.lo == 0);
        if (value_ok && known_ok && together) {
            return true;
        }
    }
    return false;
}

static bool contradicts(const struct prover *p, const struct box *b)
{
    for (uint8_t i = 0; i < b->n; i++) {
        if (is_empty(p, &b->c[i]) || !possible(p, b, p->vars[b->c[i].var].point)) {
            return true;
        }
    }
    return false;
}

static void constrain(struct box *to, const struct constraint *c)
{
    for (uint8_t i = 0; i < to->n; i++) {
        if (to->c[i].var == c->var) {
            to->c[i].in = both(to->c[i].in, c->in);
            to->c[i].open = to->c[i].open || c->open;
            return;
        }
    }
    if (to->n == BOX_CONSTRAINTS) {
        to->exact = false;
        return;
    }
    to->c[to->n++] = *c;
}

struct boxes box_cross(struct prover *p, struct boxes a, struct boxes b)
{
    if (a.n == 0 || b.n == 0) {
        return box_none();
    }
    if (a.n * b.n > BOX_MAX) {
        return box_all(p, false);
    }
    struct boxes r = {KT_NEW_ARRAY(p->arena, struct box, a.n * b.n), 0};
    for (uint32_t i = 0; i < a.n; i++) {
        for (uint32_t k = 0; k < b.n; k++) {
            struct box *to = &r.b[r.n];
            *to = a.b[i];
            to->exact = to->exact && b.b[k].exact;
            for (uint8_t j = 0; j < b.b[k].n; j++) {
                constrain(to, &b.b[k].c[j]);
            }
            r.n += !contradicts(p, to);
        }
    }
    return r;
}

/* One bound only, or a closed interval, has a value at every resolution. */
static bool has_value(const struct prover *p, const struct constraint *c)
{
    bool one_sided = c->in.lo == -INF || c->in.hi == INF;
    return p->vars[c->var].scale != SCALE_FUZZY || one_sided || (!c->open && c->in.lo <= c->in.hi);
}

static int count_of(const struct prover *p, const struct box *b, enum var_kind kind,
                    kt_point_id point)
{
    int n = 0;
    for (uint8_t i = 0; i < b->n; i++) {
        const struct var *v = &p->vars[b->c[i].var];
        n += v->kind == kind && v->point.v == point.v;
    }
    return n;
}

bool box_is_witness(const struct prover *p, const struct box *b)
{
    if (!b->exact || contradicts(p, b)) {
        return false;
    }
    for (uint8_t i = 0; i < b->n; i++) {
        kt_point_id point = p->vars[b->c[i].var].point;
        int windows = count_of(p, b, VAR_WINDOW, point);
        /* a window is not independent of the value nor of another window */
        if (!has_value(p, &b->c[i]) || windows > 1 ||
            (windows == 1 && (find(p, b, VAR_VALUE, point) || find(p, b, VAR_KNOWN, point)))) {
            return false;
        }
    }
    return true;
}
