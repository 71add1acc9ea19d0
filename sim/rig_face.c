/* SPDX-License-Identifier: Apache-2.0 */
/* A coaling face: the shearer goes along it, supports are set and lowered behind it by their own
 * control. */
#include <math.h>

#include "rig.h"

enum { F_POS, F_DIR, F_SPEED, F_AUTO, F_MOVES, F_AUTO_MOVES, F_STARTS, F_HAND, F_P1 };
enum { SUPPORTS = 40 };
static const char *const face_signals[] = {"pos",       "dir",    "speed", "auto", "moves",
                                           "automoves", "starts", "hand",  NULL};
static const char *const face_things[] = {"shearer", NULL};

static void face_begin(struct sim_plant *p, struct sim_rig *r)
{
    r->s[F_DIR] = 1;
    r->s[F_AUTO] = 1;
    r->s[F_POS] = 12;
    r->s[F_MOVES] = 18400;
    r->s[F_AUTO_MOVES] = 17020;
    r->s[F_STARTS] = 212;
    for (int i = 0; i < SUPPORTS; i++) {
        r->s[F_P1 + i] = 22 + 10 * sim_even(p->seed, 77, (uint64_t)i);
    }
}

static void support(struct sim_plant *p, struct sim_rig *r, int i)
{
    double yield = 34 + 4 * sim_even(p->seed, 78, (uint64_t)i);
    r->s[F_P1 + i] += (yield - r->s[F_P1 + i]) * SIM_STEP_S / 2400;
}

/** Those that it has passed by are lowered, pulled forward and set again. */
static void advance(struct sim_plant *p, struct sim_rig *r, int i)
{
    bool by_itself = r->s[F_AUTO] > 0.5 && sim_even(p->seed, 79, (uint64_t)p->step) > 0.06;
    r->s[F_P1 + i] = 24 + 2 * sim_even(p->seed, 80, (uint64_t)p->step);
    r->s[F_MOVES]++;
    r->s[F_AUTO_MOVES] += by_itself;
}

static void face_step(struct sim_plant *p, struct sim_rig *r)
{
    const struct sim_machine *m = &p->machines[r->thing[0]];
    bool cuts = m->running;
    r->s[F_STARTS] += cuts && r->own[0] < 0.5 && r->s[F_AUTO] > 0.5;
    r->s[F_HAND] += cuts && r->own[0] < 0.5 && r->s[F_AUTO] < 0.5;
    r->own[0] = cuts;
    r->s[F_SPEED] = cuts ? 3 + 3 * m->work : 0;
    int before = (int)r->s[F_POS];
    r->s[F_POS] += r->s[F_DIR] * r->s[F_SPEED] / 60 / 1.75 * SIM_STEP_S; /* in supports */
    if (r->s[F_POS] >= SUPPORTS || r->s[F_POS] <= 1) {
        r->s[F_DIR] = r->s[F_POS] <= 1 ? 1 : -1;
        r->s[F_POS] = fmin(fmax(r->s[F_POS], 1), SUPPORTS);
    }
    for (int i = 0; i < SUPPORTS; i++) {
        support(p, r, i);
    }
    int behind = before - 3 * (int)r->s[F_DIR];
    if ((int)r->s[F_POS] != before && behind >= 1 && behind <= SUPPORTS) {
        advance(p, r, behind - 1);
    }
}

const struct sim_rig_kind sim_rig_face = {.name = "face",
                                          .signals = face_signals,
                                          .series = "p",
                                          .things = face_things,
                                          .of = SIM_MACHINE,
                                          .begin = face_begin,
                                          .step = face_step};
