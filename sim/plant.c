/* SPDX-License-Identifier: Apache-2.0 */
/* The order of a step, time, and numbers that look random and are not. */
#include "rig.h"

#include <math.h>

enum { WARM_UP_STEPS = 18000 }; /* half an hour, so that the mine is found as it usually is */

int sim_find(const struct sim_plant *p, enum sim_kind kind, const char *id)
{
    uint64_t v;
    return kt_map_get(p->names[kind], kt_str_c(id), &v) ? (int)v : -1;
}

static uint64_t stir(uint64_t z)
{
    z += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

double sim_even(uint64_t seed, uint64_t a, uint64_t b)
{
    return (double)(stir(stir(stir(seed) ^ a) ^ b) >> 11) * 0x1p-53;
}

double sim_normal(uint64_t seed, uint64_t a, uint64_t b)
{
    uint64_t z = stir(stir(stir(seed) ^ a) ^ b);
    double sum = 0;
    for (int i = 0; i < 4; i++) { /* four even numbers of 16 bits: variance 1/3 */
        sum += (double)((z >> (16 * i)) & 0xffff) / 65536.0 - 0.5;
    }
    return sum * 1.7320508075688772;
}

static void barometer(struct sim_plant *p)
{
    p->baro_before_hpa = p->baro_hpa;
    p->baro_shift_hpa += p->baro_rate_hph / 3600 * SIM_STEP_S;
    p->baro_hpa = p->baro0_hpa + p->baro_shift_hpa +
                  p->baro_swing_hpa * sin(6.283185307179586 * sim_seconds(p) / 43200);
}

/* All but what the sensors make of it. */
static void move(struct sim_plant *p)
{
    p->step++;
    barometer(p);
    sim_power_step(p);
    sim_rigs_step(p);
    sim_machines_step(p);
    sim_air_step(p);
    sim_gas_step(p);
}

void sim_plant_step(struct sim_plant *p)
{
    move(p);
    sim_sensors_step(p, false);
}

void sim_plant_ready(struct sim_plant *p)
{
    p->baro_hpa = p->baro0_hpa;
    sim_air_init(p);
    sim_gas_init(p);
    for (int i = 0; i < p->n[SIM_RIG]; i++) {
        if (p->rigs[i].kind->begin) {
            p->rigs[i].kind->begin(p, &p->rigs[i]);
        }
    }
    for (int i = 0; i < WARM_UP_STEPS; i++) {
        move(p);
    }
    sim_sensors_step(p, true);
}
