/* SPDX-License-Identifier: Apache-2.0 */
#include "rig.h"

#include <math.h>
#include <stdlib.h>

static const struct sim_rig_kind *const kinds[] = {
    &sim_rig_mainfan, &sim_rig_pumps,   &sim_rig_hoist,      &sim_rig_barrier, &sim_rig_airlock,
    &sim_rig_near,    &sim_rig_breaker, &sim_rig_compressor, &sim_rig_refuge,  &sim_rig_face,
    &sim_rig_mix,     &sim_rig_water,   &sim_rig_fill,       &sim_rig_drill,   &sim_rig_truck,
    &sim_rig_ring,    &sim_rig_bases,   &sim_rig_room};

const struct sim_rig_kind *sim_rig_kind_of(struct kt_str name)
{
    for (size_t i = 0; i < KT_ARRAY_LEN(kinds); i++) {
        if (kt_str_is(name, kinds[i]->name)) {
            return kinds[i];
        }
    }
    return NULL;
}

const struct sim_rig_set *sim_rig_set_of(const struct sim_rig_kind *k, int signal)
{
    for (int i = 0; i < k->sets_n; i++) {
        if (k->sets[i].signal == signal) {
            return &k->sets[i];
        }
    }
    return NULL;
}

static int in_series(const struct sim_rig_kind *k, struct kt_str name, int first)
{
    size_t n = k->series ? strlen(k->series) : 0;
    char digits[8] = {0}, *end;
    if (!n || name.n <= n || name.n - n >= sizeof(digits) || memcmp(name.p, k->series, n) != 0) {
        return -1;
    }
    memcpy(digits, name.p + n, name.n - n);
    long v = strtol(digits, &end, 10);
    return *end || v < 1 || first + v > SIM_RIG_SIGNALS ? -1 : first + (int)v - 1;
}

int sim_rig_signal(const struct sim_rig_kind *k, struct kt_str name)
{
    int i = 0;
    for (; k->signals[i]; i++) {
        if (kt_str_is(name, k->signals[i])) {
            return i;
        }
    }
    return in_series(k, name, i);
}

void sim_rigs_step(struct sim_plant *p)
{
    for (int i = 0; i < p->n[SIM_RIG]; i++) {
        p->rigs[i].kind->step(p, &p->rigs[i]);
    }
}

double sim_rig_ramp(double from, double to, double rate)
{
    double most = rate * SIM_STEP_S;
    return from + fmax(-most, fmin(most, to - from));
}

double sim_rig_wave(const struct sim_plant *p, int n, double mean, double swing, double period_s)
{
    return mean + swing * sin(6.283185307179586 * sim_seconds(p) / period_s + n);
}
