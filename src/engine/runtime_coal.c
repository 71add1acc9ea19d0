/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The coal on the belts of assets.csv: counted once a second from the scale where coal comes onto
 * the line and from the speed of each belt, and put in as samples of points of role `belt.coal`, as
 * what the program watches of itself is. What a belt gives falls on the next one, also while they
 * run down. Where a scale or a speed is not known the estimate goes on and is marked uncertain
 * until the coal in question has left.
 *
 * Owner: the engine thread. A restart begins with what the points showed last, spread evenly,
 * and is uncertain until all of that has left.
 */
#include "engine/runtime_impl.h"

#include <stdlib.h>

#include "domain/haulage/belt.h"

struct coal_belt {
    uint32_t asset;
    kt_point_id coal, load, speed, run; /* .v KT_NONE: none */
    struct kt_belt belt;
    double given_t;      /* off its head in this step */
    double doubt_m;      /* metres until nothing uncertain lies on it */
    bool doubtful_given; /* what it gave was uncertain */
};

struct rt_coal {
    const struct kt_site *site;
    struct kt_hash hash;     /* of the site: another one may stand at the same address */
    struct coal_belt *belts; /* a belt stands after all that give to it */
    uint32_t n;
    kt_time last;
};

static kt_point_id of_role(const struct kt_site *s, const struct kt_asset *a, const char *role)
{
    for (uint32_t i = 0; i < a->points_n; i++) {
        if (strcmp(s->points[a->points[i].v].role->id, role) == 0) {
            return a->points[i];
        }
    }
    return (kt_point_id){KT_NONE};
}

static uint32_t depth_of(const struct kt_site *s, uint32_t asset)
{
    uint32_t n = 0;
    while (s->assets[asset].to < s->assets_n) {
        asset = s->assets[asset].to;
        n++;
    }
    return n;
}

static void add_belt(struct kt_runtime *rt, struct rt_coal *c, uint32_t asset)
{
    const struct kt_site *s = c->site;
    const struct kt_asset *a = &s->assets[asset];
    struct coal_belt b = {.asset = asset,
                          .coal = of_role(s, a, "belt.coal"),
                          .load = of_role(s, a, "belt.load"),
                          .speed = of_role(s, a, "belt.speed"),
                          .run = a->run};
    struct kt_live_value v = {0};
    if (b.coal.v != KT_NONE) {
        v = *kt_live_peek(rt->live, b.coal);
    }
    kt_belt_init(&b.belt, a->length_m, v.value > 0 ? v.value : 0);
    b.doubt_m = a->length_m; /* nobody saw what came and went in the pause */
    uint32_t at = c->n++;
    while (at > 0 && depth_of(s, c->belts[at - 1].asset) < depth_of(s, asset)) {
        c->belts[at] = c->belts[at - 1];
        at--;
    }
    c->belts[at] = b;
}

static void begin(struct kt_runtime *rt)
{
    struct rt_coal *c = rt->coal;
    const struct kt_site *s = rt->site;
    free(c->belts);
    c->belts = calloc(s->assets_n + 1, sizeof *c->belts);
    KT_ASSERT(c->belts);
    c->n = 0;
    c->site = s;
    c->hash = s->hash;
    c->last = 0;
    for (uint32_t i = 0; i < s->assets_n; i++) {
        if (strcmp(s->assets[i].kind, "belt") == 0) {
            add_belt(rt, c, i);
        }
    }
}

static bool known(const struct kt_runtime *rt, kt_point_id p, double *ret)
{
    if (p.v == KT_NONE) {
        return false;
    }
    const struct kt_live_value *v = kt_live_peek(rt->live, p);
    *ret = v->value;
    return kt_q_known(v->quality);
}

/* m/s; by the speed sensor, else by whether it is proved running. */
static bool speed_of(const struct kt_runtime *rt, const struct coal_belt *b, double *ret)
{
    double v = 0;
    bool is = known(rt, b->speed, &v);
    if (!is && known(rt, b->run, &v)) {
        v = v != 0 ? rt->coal->site->assets[b->asset].speed_m_s : 0;
        is = true;
    }
    *ret = v > 0 ? v : 0;
    return is;
}

/* Tonnes that come onto it in dt seconds: what other belts gave, else what its scale says. */
static bool load_of(const struct kt_runtime *rt, const struct coal_belt *b, double dt_s,
                    double *ret)
{
    const struct rt_coal *c = rt->coal;
    bool fed = false, sure = true;
    double t = 0, tph = 0;
    for (uint32_t i = 0; i < c->n && &c->belts[i] != b; i++) {
        if (c->site->assets[c->belts[i].asset].to == b->asset) {
            fed = true;
            t += c->belts[i].given_t;
            sure = sure && !c->belts[i].doubtful_given;
        }
    }
    if (!fed) {
        sure = known(rt, b->load, &tph);
        t = sure && tph > 0 ? tph * dt_s / 3600 : 0;
    }
    *ret = t;
    return sure;
}

static void move(const struct kt_runtime *rt, struct coal_belt *b, double dt_s)
{
    double v = 0, in = 0;
    bool sure_v = speed_of(rt, b, &v), sure_in = load_of(rt, b, dt_s, &in);
    b->given_t = kt_belt_move(&b->belt, in, v * dt_s);
    b->doubtful_given = b->doubt_m > 0;
    b->doubt_m = sure_v && sure_in ? b->doubt_m - v * dt_s : b->belt.length_m;
    b->doubt_m = b->doubt_m > 0 ? b->doubt_m : 0;
}

void rt_coal_fill(struct kt_runtime *rt, struct kt_batch *b, kt_time now)
{
    if (!rt->coal) {
        rt->coal = calloc(1, sizeof *rt->coal);
        KT_ASSERT(rt->coal);
    }
    struct rt_coal *c = rt->coal;
    if (c->site != rt->site || memcmp(&c->hash, &rt->site->hash, sizeof c->hash) != 0) {
        begin(rt);
    }
    double dt_s = c->last > 0 && now > c->last ? (double)(now - c->last) / 1e9 : 0;
    c->last = now;
    for (uint32_t i = 0; i < c->n; i++) {
        move(rt, &c->belts[i], dt_s);
    }
    for (uint32_t i = 0; i < c->n && b->n < KT_BATCH_MAX; i++) {
        if (c->belts[i].coal.v != KT_NONE) {
            b->point[b->n] = c->belts[i].coal.v;
            b->time[b->n] = now;
            b->value[b->n] = kt_belt_coal(&c->belts[i].belt);
            b->quality[b->n++] = c->belts[i].doubt_m > 0 ? KT_Q_GAP : KT_Q_NORMAL;
        }
    }
}

void rt_coal_free(struct rt_coal *c)
{
    if (c) {
        free(c->belts);
        free(c);
    }
}
