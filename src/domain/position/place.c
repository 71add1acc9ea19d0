/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/position/place.h"

enum { KEPT = 12, RANGINGS = 8 };
#define KNOWN_S 60.0 /* where somebody was so long ago says where he can be now */
#define TURN    9.2  /* -2 ln 0.01 */

struct candidate {
    uint32_t way;
    double at_m, cost; /* mean of squares */
};
struct search {
    const struct kt_mine *m;
    struct kt_ranging r[RANGINGS];
    uint32_t n;
    struct candidate best[KEPT]; /* by cost, rising; no two within a sigma on one way */
    uint32_t best_n;
};

/** How far the place is from fitting one distance. A tag that is heard and not measured lies within
 * the reach, nearer rather than farther. */
static double miss(const struct search *s, uint32_t i, uint32_t way, double at_m)
{
    double d = kt_mine_from(s->m, s->r[i].station, way, at_m);
    if (isnan(s->r[i].m)) {
        double reach = s->m->station[s->r[i].station].reach_m;
        return d > reach ? d - reach + 1 : d / reach;
    }
    return d - s->r[i].m;
}

static bool measured(const struct search *s)
{
    for (uint32_t i = 0; i < s->n; i++) {
        if (!isnan(s->r[i].m)) {
            return true;
        }
    }
    return false;
}

static double cost_at(const struct search *s, uint32_t way, double at_m)
{
    double sum = 0;
    for (uint32_t i = 0; i < s->n; i++) {
        double e = miss(s, i, way, at_m);
        sum += e * e;
    }
    return sum / s->n;
}

static void keep(struct search *s, const struct candidate *c)
{
    for (uint32_t i = 0; i < s->best_n; i++) {
        struct candidate *b = &s->best[i];
        if (b->way == c->way && fabs(b->at_m - c->at_m) < KT_RANGE_SIGMA_M) {
            if (c->cost >= b->cost) {
                return;
            }
            for (uint32_t k = i; k + 1 < s->best_n; k++) {
                s->best[k] = s->best[k + 1];
            }
            s->best_n--;
            break;
        }
    }
    uint32_t at = s->best_n < KEPT ? s->best_n++ : KEPT;
    for (; at > 0 && s->best[at - 1].cost > c->cost; at--) {
        if (at < KEPT) {
            s->best[at] = s->best[at - 1];
        }
    }
    if (at < KEPT) {
        s->best[at] = *c;
    }
}

/** The mean of where each distance alone would put it, along the slopes that hold at at_m. */
static double refined(const struct search *s, uint32_t way, double at_m)
{
    const double step = 0.01;
    double sum = 0, length = s->m->way[way].length_m;
    uint32_t n = 0;
    for (uint32_t i = 0; i < s->n; i++) {
        if (isnan(s->r[i].m)) {
            continue;
        }
        double lo = at_m > step ? at_m - step : 0, hi = at_m + step < length ? at_m + step : length;
        double slope = miss(s, i, way, hi) - miss(s, i, way, lo);
        sum += at_m - (slope > 0 ? 1 : -1) * miss(s, i, way, at_m);
        n++;
    }
    double mean = n ? sum / n : at_m;
    return mean < 0 ? 0 : mean > length ? length : mean;
}

static void offer(struct search *s, uint32_t way, double at_m)
{
    double length = s->m->way[way].length_m;
    struct candidate c = {way, at_m < 0 ? 0 : at_m > length ? length : at_m, 0};
    c.cost = cost_at(s, way, c.at_m);
    double better = refined(s, way, c.at_m), cost = cost_at(s, way, better);
    if (cost < c.cost) {
        c.at_m = better;
        c.cost = cost;
    }
    if (isfinite(c.cost)) {
        keep(s, &c);
    }
}

static void offer_way(struct search *s, uint32_t way)
{
    const struct kt_way *w = &s->m->way[way];
    for (uint32_t i = 0; i < s->n; i++) {
        const struct kt_station *st = &s->m->station[s->r[i].station];
        const float *d = s->m->dist + (size_t)s->r[i].station * s->m->nodes_n;
        double far = isnan(s->r[i].m) ? 0 : s->r[i].m;
        if (st->way == way) {
            offer(s, way, st->at_m + far);
            offer(s, way, st->at_m - far);
        }
        if (isfinite(d[w->from])) {
            offer(s, way, far - (double)d[w->from]);
        }
        if (isfinite(d[w->to])) {
            offer(s, way, w->length_m - far + (double)d[w->to]);
        }
    }
}

/** The nearest anchor bounds where to look. */
static void look(struct search *s)
{
    uint32_t nearest = 0;
    double far = INFINITY;
    for (uint32_t i = 0; i < s->n; i++) {
        double d = isnan(s->r[i].m) ? s->m->station[s->r[i].station].reach_m : s->r[i].m;
        if (d < far) {
            far = d;
            nearest = i;
        }
    }
    const struct kt_station *st = &s->m->station[s->r[nearest].station];
    const float *d = s->m->dist + (size_t)s->r[nearest].station * s->m->nodes_n;
    double slack = far + 10 * KT_RANGE_SIGMA_M;
    for (uint32_t w = 0; w < s->m->ways_n; w++) {
        const struct kt_way *way = &s->m->way[w];
        if (w == st->way || (double)d[way->from] <= slack || (double)d[way->to] <= slack) {
            offer_way(s, w);
        }
    }
}

/** Metres between two places, exact on one way or on two that meet; else INFINITY. */
static double near_by(const struct kt_mine *m, const struct kt_position *a,
                      const struct candidate *b)
{
    if (a->way == b->way) {
        return fabs(a->at_m - b->at_m);
    }
    const struct kt_way *x = &m->way[a->way], *y = &m->way[b->way];
    double ax[2] = {a->at_m, x->length_m - a->at_m}, by[2] = {b->at_m, y->length_m - b->at_m};
    uint32_t xn[2] = {x->from, x->to}, yn[2] = {y->from, y->to};
    double least = INFINITY;
    for (int i = 0; i < 2; i++) {
        for (int k = 0; k < 2; k++) {
            if (xn[i] == yn[k] && ax[i] + by[k] < least) {
                least = ax[i] + by[k];
            }
        }
    }
    return least;
}

/** An upper bound of the way between two candidates: through an anchor that both were measured
 * from.
 */
static double apart(const struct search *s, const struct candidate *a, const struct candidate *b)
{
    struct kt_position at = {a->way, a->at_m, 0};
    double least = near_by(s->m, &at, b);
    for (uint32_t i = 0; i < s->n; i++) {
        double d = kt_mine_from(s->m, s->r[i].station, a->way, a->at_m) +
                   kt_mine_from(s->m, s->r[i].station, b->way, b->at_m);
        least = d < least ? d : least;
    }
    return least;
}

static double own_error(const struct search *s, const struct candidate *c)
{
    double reach = INFINITY, err = fmax(2 * sqrt(c->cost), KT_RANGE_SIGMA_M);
    for (uint32_t i = 0; i < s->n; i++) {
        double r = s->m->station[s->r[i].station].reach_m;
        reach = isnan(s->r[i].m) && r < reach ? r : reach;
    }
    return measured(s) || err > reach ? err : reach;
}

/* What speaks against a candidate, as minus twice the logarithm of how likely it is: the distances
 * that it misses, the walk to it, and the turn into another roadway, which one second in a hundred
 * sees. So noise at a junction puts nobody into a roadway whose mouth he passes. */
static double against(const struct search *s, const struct candidate *c,
                      const struct kt_position *before, double most, double walked)
{
    double miss2 = c->cost * s->n / (KT_RANGE_SIGMA_M * KT_RANGE_SIGMA_M);
    double far = walked / most;
    return miss2 + far * far + (c->way == before->way ? 0 : TURN);
}

/** Of those that fit as well as the best, the likeliest after where it was; `ret_one`: no other
 * can have been walked to. */
static uint32_t choose(const struct search *s, const struct kt_position *before, double dt_s,
                       uint32_t fit, bool *ret_one)
{
    uint32_t at = 0, reachable = 0;
    double least = INFINITY;
    *ret_one = fit == 1;
    if (!before || before->way == KT_NONE || dt_s < 0 || dt_s > KNOWN_S || !measured(s)) {
        return 0;
    }
    double most = KT_WALK_MOST_M_S * dt_s + before->err_m + KT_RANGE_SIGMA_M;
    for (uint32_t i = 0; i < fit; i++) {
        double d = near_by(s->m, before, &s->best[i]);
        double v = against(s, &s->best[i], before, most, d);
        reachable += d <= most;
        if (v < least) {
            least = v;
            at = i;
        }
    }
    *ret_one = fit == 1 || reachable == 1;
    return at;
}

/* Heard and not measured: it is within the reach of those that heard it. Where it is known better
 * than that, and there they hear it, that stays known, by as much less as it can have walked. */
static bool still_known(const struct search *s, const struct kt_position *before, double dt_s,
                        struct kt_position *ret)
{
    if (!before || before->way >= s->m->ways_n || dt_s < 0 || dt_s > KNOWN_S) {
        return false;
    }
    double err = before->err_m + KT_WALK_MOST_M_S * dt_s;
    for (uint32_t i = 0; i < s->n; i++) {
        double reach = s->m->station[s->r[i].station].reach_m;
        if (!isnan(s->r[i].m) || err > reach || miss(s, i, before->way, before->at_m) > 1) {
            return false;
        }
    }
    *ret = (struct kt_position){before->way, before->at_m, err};
    return true;
}

/* The very end of a roadway is the end of each that meets it there: a tag at a node is on the one
 * that it was on, so nobody who walks past the mouth of another is inside it. */
static void stay_at_node(const struct kt_mine *m, const struct kt_position *before,
                         struct kt_position *at)
{
    const struct kt_way *w = &m->way[at->way];
    bool first = at->at_m <= 0, last = at->at_m >= w->length_m;
    if (!before || before->way >= m->ways_n || before->way == at->way || !(first || last)) {
        return;
    }
    uint32_t node = first ? w->from : w->to;
    const struct kt_way *was = &m->way[before->way];
    if (was->from == node || was->to == node) {
        at->way = before->way;
        at->at_m = was->from == node ? 0 : was->length_m;
    }
}

bool kt_position_place(const struct kt_mine *m, const struct kt_ranging *r, uint32_t n,
                       const struct kt_position *before, double dt_s, struct kt_position *ret)
{
    struct search s = {.m = m};
    for (uint32_t i = 0; i < n && s.n < RANGINGS; i++) {
        if (r[i].station < m->stations_n && m->station[r[i].station].way != KT_NONE &&
            !(r[i].m < 0)) {
            s.r[s.n++] = r[i];
        }
    }
    if (s.n == 0 || m->ways_n == 0) {
        return false;
    }
    if (still_known(&s, before, dt_s, ret)) {
        return true;
    }
    look(&s);
    if (s.best_n == 0) {
        return false;
    }
    double slack = 2 * KT_RANGE_SIGMA_M;
    uint32_t fit = 1;
    while (fit < s.best_n && s.best[fit].cost <= s.best[0].cost + slack * slack) {
        fit++;
    }
    bool one;
    uint32_t at = choose(&s, before, dt_s, fit, &one);
    double err = own_error(&s, &s.best[at]);
    for (uint32_t i = 0; i < fit && !one; i++) {
        double d = i == at ? 0 : apart(&s, &s.best[at], &s.best[i]) + KT_RANGE_SIGMA_M;
        err = d > err ? d : err;
    }
    struct kt_position found = {s.best[at].way, s.best[at].at_m, err};
    stay_at_node(m, before, &found);
    *ret = found;
    return true;
}
