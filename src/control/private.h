/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_CONTROL_PRIVATE_H
#define KT_CONTROL_PRIVATE_H
/*
 * What the files of this folder share.
 */
#include "control/control.h"

struct kt_control {
    const struct kt_site *site;
    struct kt_control_owner owner;
    struct kt_output *out; /* by ascending point */
    uint32_t n;
    uint32_t *of;             /* by point: index + 1; 0: no output */
    uint32_t *below, *beside; /* by output: the first that it feeds, the next that the same feeds;
                                 index + 1, 0: none */
    struct kt_command *done;
    uint32_t done_n, done_at; /* ring: done_at is the next to be written */
    kt_time next_due;
};

static inline const struct kt_point *control_point(const struct kt_control *c,
                                                   const struct kt_output *o)
{
    return &c->site->points[o->point.v];
}

struct kt_output *control_output(const struct kt_control *c, kt_point_id point);
void control_due(struct kt_control *c, kt_time at);
/* Tell a change; a command that is over leaves its slot for the ring of done ones. */
void control_state(struct kt_control *c, struct kt_command *cmd, enum kt_command_state s,
                   const char *text);
bool control_final(const struct kt_control *c, const struct kt_command *cmd);
/* Look again at one output: proof, anomaly, resending. */
void control_review(struct kt_control *c, struct kt_output *o, kt_time now);
void control_send(struct kt_control *c, struct kt_output *o, struct kt_command *cmd, kt_time now);
/* The parts that both kinds share: a closing's expiry, the reading after a restart. */
void control_review_closing(struct kt_control *c, struct kt_output *o, kt_time now);
void control_review_read(struct kt_control *c, struct kt_output *o, kt_time now);

/* setpoint.c */
/* May a set-point hold this now? KT_EINVAL, KT_ESTATE. */
int control_set_check(struct kt_control *c, const struct kt_output *o, double value,
                      struct kt_err *err);
void control_set_heard(struct kt_control *c, struct kt_output *o, double value, kt_time now);
void control_set_review(struct kt_control *c, struct kt_output *o, kt_time now);
/* Why a closing that was written has not been read back. */
const char *control_set_unread(const struct kt_control *c, const struct kt_output *o,
                               char buf[KT_CTL_TEXT]);
#endif
