/* SPDX-License-Identifier: Apache-2.0 */
/*
 * drain_solve: the best plan (drain.h says what is best), as four whole-number programs, each
 * keeping what the ones before it reached. Volumes in thousands of m3.
 *
 *   drawn[source][month]            at most what it can give
 *   used[user][month]               at most what the user takes, 0 unless `on`
 *   on[user][month]                 0 or 1: then the mixture is as rich as the user needs
 *   lean[station][month]            let out below 30 %: only while `thin`
 *   rich[station][month]            let out all the same
 *   missing[zone]                   to the content that is wanted
 */
#include <math.h>
#include <stdlib.h>

#include "domain/gas/drain.h"
#include "num/mip.h"

#define K    1e-3
#define KEPT 1e-6 /* of what was reached: room for rounding in the next program */
#define ANY  (double)INFINITY

struct model {
    struct kt_drain *d;
    struct kt_mip *mip;
    uint32_t cols, drawn, used, on, lean, rich, thin, missing;
};

static uint32_t switches(struct model *m, uint32_t n)
{
    uint32_t first = m->cols;
    for (uint32_t i = 0; i < n; i++) {
        (void)kt_mip_col(m->mip, 0, 1, true);
    }
    m->cols += n;
    return first;
}

static uint32_t at(const struct model *m, uint32_t first, uint32_t i, uint32_t month)
{
    return first + i * m->d->months_n + month;
}

/* All that a station's boreholes could give in a month, mixed. */
static double all_of(const struct kt_drain *d, uint32_t station, uint32_t t)
{
    double sum = 0;
    for (uint32_t i = 0; i < d->sources_n; i++) {
        sum += d->source[i].station == station ? d->source[i].mixed_m3[t] * K : 0;
    }
    return sum;
}

/* The sum over a station's boreholes of (concentration - part) × mixed volume. */
static void put_richness(const struct model *m, uint32_t row, uint32_t station, uint32_t t,
                         double part)
{
    for (uint32_t i = 0; i < m->d->sources_n; i++) {
        const struct kt_drain_source *s = &m->d->source[i];
        if (s->station == station && s->part[t] > 0) {
            kt_mip_put(m->mip, row, at(m, m->drawn, i, t), (s->part[t] - part) / s->part[t]);
        }
    }
}

static void rows_of_station(const struct model *m, uint32_t s, uint32_t t)
{
    const struct kt_drain *d = m->d;
    double all = all_of(d, s, t);
    uint32_t pumps =
        kt_mip_row(m->mip, -ANY, d->station[s].capacity_m3min * d->month[t].minutes * K);
    uint32_t balance = kt_mip_row(m->mip, 0, 0);
    for (uint32_t i = 0; i < d->sources_n; i++) {
        if (d->source[i].station == s && d->source[i].part[t] > 0) {
            kt_mip_put(m->mip, pumps, at(m, m->drawn, i, t), 1 / d->source[i].part[t]);
            kt_mip_put(m->mip, balance, at(m, m->drawn, i, t), 1);
        }
    }
    for (uint32_t i = 0; i < d->users_n; i++) {
        if (d->user[i].station == s) {
            kt_mip_put(m->mip, balance, at(m, m->used, i, t), -1);
        }
    }
    kt_mip_put(m->mip, balance, at(m, m->lean, s, t), -1);
    kt_mip_put(m->mip, balance, at(m, m->rich, s, t), -1);
    uint32_t only = kt_mip_row(m->mip, -ANY, 0); /* lean <= all × thin */
    kt_mip_put(m->mip, only, at(m, m->lean, s, t), 1);
    kt_mip_put(m->mip, only, at(m, m->thin, s, t), -all);
    uint32_t below = kt_mip_row(m->mip, -ANY, all); /* thin: its richness over 30 % is below 0 */
    put_richness(m, below, s, t, KT_DRAIN_RICH - 1e-6);
    kt_mip_put(m->mip, below, at(m, m->thin, s, t), all);
}

static void rows_of_user(const struct model *m, uint32_t u, uint32_t t)
{
    const struct kt_drain *d = m->d;
    const struct kt_drain_user *user = &d->user[u];
    double all = all_of(d, user->station, t);
    uint32_t only = kt_mip_row(m->mip, -ANY, 0); /* used <= what it takes × on */
    kt_mip_put(m->mip, only, at(m, m->used, u, t), 1);
    kt_mip_put(m->mip, only, at(m, m->on, u, t),
               -fmin(user->capacity_m3min * d->month[t].minutes * K, all));
    uint32_t enough = kt_mip_row(m->mip, -all, ANY); /* on: the mixture is rich enough */
    put_richness(m, enough, user->station, t, user->least_part);
    kt_mip_put(m->mip, enough, at(m, m->on, u, t), -all);
}

/* What is drained of a zone until month `upto` and a share of it. */
static void put_drained(const struct model *m, uint32_t row, uint32_t zone, uint32_t upto,
                        double share)
{
    for (uint32_t i = 0; i < m->d->sources_n; i++) {
        for (uint32_t t = 0; m->d->source[i].zone == zone && t <= upto && t < m->d->months_n; t++) {
            if (t < upto || share > 0) {
                kt_mip_put(m->mip, row, at(m, m->drawn, i, t), t < upto ? 1 : share);
            }
        }
    }
}

static void rows_of_zone(const struct model *m, uint32_t z)
{
    const struct kt_drain_zone *zone = &m->d->zone[z];
    double there = (zone->content_m3t * zone->coal_t - zone->drained_m3) * K;
    put_drained(m, kt_mip_row(m->mip, -ANY, fmax(there, 0)), z, m->d->months_n, 0);
    if (zone->need != KT_NONE) {
        uint32_t row = kt_mip_row(m->mip, there - zone->target_m3t * zone->coal_t * K, ANY);
        put_drained(m, row, z, zone->need, zone->need_share);
        kt_mip_put(m->mip, row, m->missing + z, 1);
    }
}

/* Volumes of one thing by month; every one has an end, unbounded ones Cbc's presolve takes ill. */
static uint32_t volumes(struct model *m, uint32_t n,
                        double (*most)(const struct kt_drain *d, uint32_t i, uint32_t t))
{
    uint32_t first = m->cols;
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t t = 0; t < m->d->months_n; t++) {
            (void)kt_mip_col(m->mip, 0, most(m->d, i, t) * K, false);
            m->cols++;
        }
    }
    return first;
}

static double most_drawn(const struct kt_drain *d, uint32_t i, uint32_t t)
{
    return d->source[i].mixed_m3[t] * d->source[i].part[t];
}

static double most_used(const struct kt_drain *d, uint32_t i, uint32_t t)
{
    return d->user[i].capacity_m3min * d->month[t].minutes;
}

static double most_let_out(const struct kt_drain *d, uint32_t i, uint32_t t)
{
    return all_of(d, i, t) / K;
}

static void build(struct model *m)
{
    const struct kt_drain *d = m->d;
    uint32_t n = d->months_n;
    m->drawn = volumes(m, d->sources_n, most_drawn);
    m->used = volumes(m, d->users_n, most_used);
    m->on = switches(m, d->users_n * n);
    m->lean = volumes(m, d->stations_n, most_let_out);
    m->rich = volumes(m, d->stations_n, most_let_out);
    m->thin = switches(m, d->stations_n * n);
    m->missing = m->cols;
    for (uint32_t z = 0; z < d->zones_n; z++) {
        (void)kt_mip_col(m->mip, 0, d->zone[z].content_m3t * d->zone[z].coal_t * K, false);
        m->cols++;
    }
    for (uint32_t t = 0; t < n; t++) {
        for (uint32_t s = 0; s < d->stations_n; s++) {
            rows_of_station(m, s, t);
        }
        for (uint32_t u = 0; u < d->users_n; u++) {
            rows_of_user(m, u, t);
        }
    }
    for (uint32_t z = 0; z < d->zones_n; z++) {
        rows_of_zone(m, z);
    }
}

/* ---- what counts, first to last ---- */

static void cost_missing(const struct model *m, double *cost)
{
    for (uint32_t z = 0; z < m->d->zones_n; z++) {
        cost[m->missing + z] = 1;
    }
}

static void cost_rich(const struct model *m, double *cost)
{
    for (uint32_t i = 0; i < m->d->stations_n * m->d->months_n; i++) {
        cost[m->rich + i] = 1;
    }
}

static void cost_emission(const struct model *m, double *cost)
{
    const struct kt_drain *d = m->d;
    for (uint32_t i = 0; i < d->stations_n * d->months_n; i++) {
        cost[m->rich + i] = cost[m->lean + i] = 1;
    }
    for (uint32_t i = 0; i < d->sources_n; i++) {
        const struct kt_drain_zone *z =
            d->source[i].zone == KT_NONE ? NULL : &d->zone[d->source[i].zone];
        for (uint32_t t = 0; t < d->months_n; t++) {
            double before = !z                   ? 1
                            : z->need == KT_NONE ? 0
                            : t < z->need        ? d->release
                            : t == z->need       ? d->release * z->need_share
                                                 : 0;
            cost[at(m, m->drawn, i, t)] = -before;
        }
    }
}

static void cost_early(const struct model *m, double *cost)
{
    for (uint32_t i = 0; i < m->d->users_n; i++) {
        for (uint32_t t = 0; t < m->d->months_n; t++) {
            cost[at(m, m->used, i, t)] = -1 - (m->d->months_n - t) / 100.0;
        }
    }
}

/* One program; what it reaches is a bound of those behind it. */
static int reach(struct model *m, void (*costs)(const struct model *, double *), double seconds,
                 double *x, struct kt_err *err)
{
    double *cost = calloc(m->cols + 1, sizeof(*cost)), sum = 0, size = 1;
    KT_ASSERT(cost);
    costs(m, cost);
    for (uint32_t c = 0; c < m->cols; c++) {
        kt_mip_cost(m->mip, c, cost[c]);
    }
    int r = kt_mip_solve(m->mip, seconds, x, err);
    for (uint32_t c = 0; r == KT_OK && c < m->cols; c++) {
        sum += cost[c] * x[c];
        size += fabs(cost[c] * x[c]);
    }
    if (r == KT_OK) {
        uint32_t row = kt_mip_row(m->mip, -ANY, sum + KEPT * size);
        for (uint32_t c = 0; c < m->cols; c++) {
            if (cost[c] != 0) {
                kt_mip_put(m->mip, row, c, cost[c]);
            }
        }
    }
    free(cost);
    return r;
}

/* In litres, within what can be given; no user has more than there is. */
static void take(struct model *m, const double *x)
{
    struct kt_drain *d = m->d;
    for (uint32_t i = 0; i < d->sources_n; i++) {
        for (uint32_t t = 0; t < d->months_n; t++) {
            double most = d->source[i].mixed_m3[t] * d->source[i].part[t];
            d->drawn[i * d->months_n + t] =
                fmin(round(x[at(m, m->drawn, i, t)] / K * 1e3) / 1e3, most);
        }
    }
    for (uint32_t i = 0; i < d->users_n * d->months_n; i++) {
        d->used[i] = floor(x[m->used + i] / K * 1e3 + 0.1) / 1e3;
    }
}

int kt_drain_solve(struct kt_drain *d, double seconds, struct kt_arena *arena, struct kt_err *err)
{
    static void (*const goals[])(const struct model *, double *) = {cost_missing, cost_rich,
                                                                    cost_emission, cost_early};
    struct model m = {.d = d, .mip = kt_mip_new()};
    build(&m);
    double *x = KT_NEW_ARRAY(arena, double, m.cols + 1);
    int r = KT_OK;
    for (size_t i = 0; r == KT_OK && i < KT_ARRAY_LEN(goals); i++) {
        r = reach(&m, goals[i], seconds / KT_ARRAY_LEN(goals), x, err);
    }
    if (r == KT_OK) {
        take(&m, x);
    }
    kt_mip_free(m.mip);
    return r;
}
