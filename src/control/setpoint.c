/* SPDX-License-Identifier: Apache-2.0 */
/*
 * setpoint: outputs that take a number. The way is that of a closing, and it ends with the number
 * read back. What the device holds otherwise than was written last is told, however it came about:
 * it ignored the write, answered after its time, or somebody set it on the spot.
 */
#include "control/private.h"

#include <math.h>
#include <stdio.h>

static const struct kt_setpoint *set_of(const struct kt_control *c, const struct kt_output *o)
{
    return control_point(c, o)->set;
}

static bool near(const struct kt_setpoint *s, double a, double b)
{
    return fabs(a - b) <= s->tolerance;
}

/* From a value that is outside of the limits the step counts from the nearer one. */
static double step_from(const struct kt_setpoint *s, double is)
{
    return is < s->lo ? s->lo : is > s->hi ? s->hi : is;
}

int control_set_check(struct kt_control *c, const struct kt_output *o, double value,
                      struct kt_err *err)
{
    const struct kt_point *p = control_point(c, o);
    const struct kt_setpoint *s = p->set;
    if (!(value >= s->lo && value <= s->hi)) {
        return kt_err_set(err, KT_EINVAL, "%s may not be set to %g %s: %g to %g %s are allowed",
                          p->id, value, p->unit, s->lo, s->hi, p->unit);
    }
    if (isnan(o->is)) {
        return kt_err_set(err, KT_ESTATE,
                          "%s may not be set: what the device holds now is not known", p->id);
    }
    double from = step_from(s, o->is);
    if (fabs(value - from) > s->step * (1 + 1e-9)) {
        return kt_err_set(err, KT_ESTATE,
                          "%s may not be set to %g %s: from %g %s it goes by %g %s at most", p->id,
                          value, p->unit, from, p->unit, s->step, p->unit);
    }
    return KT_OK;
}

void control_set_heard(struct kt_control *c, struct kt_output *o, double value, kt_time now)
{
    struct kt_command *cmd = &o->close;
    o->is = value;
    if (cmd->state == KT_CMD_SENT && near(set_of(c, o), value, cmd->value)) {
        cmd->read = true;
        o->set = cmd->value;
    }
    control_review(c, o, now);
}

const char *control_set_unread(const struct kt_control *c, const struct kt_output *o,
                               char buf[KT_CTL_TEXT])
{
    if (!set_of(c, o) || isnan(o->is)) {
        return "written, but not read back in time";
    }
    (void)snprintf(buf, KT_CTL_TEXT, "written, but the device holds %g %s", o->is,
                   control_point(c, o)->unit);
    return buf;
}

/* Nothing is concluded while a command is on its way or the device is not heard. */
static void review_differs(struct kt_control *c, struct kt_output *o)
{
    if (o->close.state >= KT_CMD_CONFIRMED || isnan(o->set) || isnan(o->is)) {
        return;
    }
    bool differs = !near(set_of(c, o), o->is, o->set);
    if (differs != o->anomaly) {
        o->anomaly = differs;
        if (c->owner.anomaly) {
            c->owner.anomaly(c->owner.arg, o->point, differs);
        }
    }
}

void control_set_review(struct kt_control *c, struct kt_output *o, kt_time now)
{
    if (o->close.state == KT_CMD_SENT && o->close.read) {
        control_state(c, &o->close, KT_CMD_READBACK, "");
    }
    control_review_closing(c, o, now);
    control_review_read(c, o, now);
    review_differs(c, o);
}
