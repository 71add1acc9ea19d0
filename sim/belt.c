/* SPDX-License-Identifier: Apache-2.0 */
/*
 * belt: the PLC of a belt. It holds its own interlocks, whatever is written to it: its run command
 * falls when a protection acts, when it is switched to local or maintenance, when its supply is
 * lost and when the belt that it loads does not run; and it refuses to be started then, or without
 * a horn before. A protection that acted stays until it is set right at the place.
 */
#include "plant.h"

#define WARN_S   3.0  /* the horn must have sounded so long */
#define WARNED_S 60.0 /* and not longer ago than this */
#define PILE_T   8.0  /* coal before a belt that stands: the pile-up switch acts */

static void listen(const struct sim_plant *p, struct sim_machine *m)
{
    if (m->horn >= 0 && p->switches[m->horn].contact) {
        m->warned_s += SIM_STEP_S;
        m->quiet_s = 0;
        return;
    }
    m->quiet_s += SIM_STEP_S;
    if (m->quiet_s > WARNED_S) {
        m->warned_s = 0;
    }
}

void sim_belt_plc(struct sim_plant *p, struct sim_machine *m)
{
    struct sim_switch *s = &p->switches[m->sw];
    bool onward = m->to < 0 || p->machines[m->to].running;
    bool dead = s->contact && !s->live;
    bool stop = m->guards != 0 || m->pulled || !onward || dead;
    listen(p, m);
    if (stop) {
        s->command = false;
    }
    s->locked = stop || m->warned_s < WARN_S;
    if (m->cell_t[0] > PILE_T) {
        m->guards |= 1u << SIM_GUARD_PILE;
    }
}
