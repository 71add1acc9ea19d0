/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Switches: a contact follows its command after 200 ms, unless it is stuck; what lies behind it is
 * live while its contact and everything before it is closed. Only a written 1 closes a contact.
 */
#include "plant.h"

enum { DELAY_STEPS = 2, DEPTH_MAX = 8 };

static void follow(struct sim_switch *s)
{
    bool wanted = s->command || s->stuck; /* a welded contact stays closed */
    if (s->contact == wanted) {
        s->delay = DELAY_STEPS;
        return;
    }
    if (--s->delay <= 0) {
        s->contact = wanted;
        s->delay = DELAY_STEPS;
    }
}

static bool fed(const struct sim_plant *p, const struct sim_switch *s)
{
    for (int i = 0; i < DEPTH_MAX; i++) {
        if (!s->contact) {
            return false;
        }
        if (s->parent < 0) {
            return true;
        }
        s = &p->switches[s->parent];
    }
    return false;
}

void sim_power_step(struct sim_plant *p)
{
    for (int i = 0; i < p->n[SIM_SWITCH]; i++) {
        follow(&p->switches[i]);
        p->switches[i].kw = 0;
    }
    for (int i = 0; i < p->n[SIM_SWITCH]; i++) {
        p->switches[i].live = fed(p, &p->switches[i]);
    }
}
