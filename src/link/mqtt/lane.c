/* SPDX-License-Identifier: Apache-2.0 */
#include "link/mqtt/lane.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

enum phase { AWAY, UP, BOTH, TAKES };

struct lane {
    _Atomic int phase;
    uint32_t n;
    _Atomic int64_t
        *first; /* by point: time of the first sample since the session is up; 0: none */
};

struct lane *lane_new(uint32_t points_n)
{
    struct lane *l = calloc(1, sizeof(*l));
    KT_ASSERT(l);
    l->n = points_n;
    l->first = calloc(points_n + 1, sizeof(*l->first));
    KT_ASSERT(l->first);
    return l;
}

void lane_free(struct lane *l)
{
    if (l) {
        free(l->first);
        free(l);
    }
}

void lane_up(struct lane *l)
{
    atomic_store(&l->phase, UP);
}

void lane_lost(struct lane *l)
{
    atomic_store(&l->phase, AWAY);
    for (uint32_t i = 0; i < l->n; i++) {
        atomic_store(&l->first[i], 0);
    }
}

void lane_takes(struct lane *l, uint32_t point, kt_time time)
{
    int64_t none = 0;
    if (atomic_load(&l->phase) != TAKES) {
        atomic_compare_exchange_strong(&l->first[point], &none, time);
    }
}

static bool step(struct lane *l, int from, int to)
{
    return atomic_compare_exchange_strong(&l->phase, &from, to);
}

bool lane_fence(struct lane *l)
{
    return step(l, UP, BOTH);
}

void lane_unfence(struct lane *l)
{
    step(l, BOTH, UP);
}

void lane_passed(struct lane *l)
{
    step(l, BOTH, TAKES);
}

bool lane_alone(const struct lane *l)
{
    return atomic_load(&l->phase) == TAKES;
}

bool lane_rest(const struct lane *l, uint32_t point, bool stamped, kt_time *time)
{
    int phase = atomic_load(&l->phase);
    if (phase == TAKES) {
        return false;
    }
    int64_t first = atomic_load(&l->first[point]);
    if (phase != AWAY && !stamped && first && *time >= first) {
        *time = first - 1;
    }
    return true;
}
