/* SPDX-License-Identifier: Apache-2.0 */
/* json: commands and outputs as outcomes and screens show them. */
#include "control/private.h"

#include <math.h>

const char *kt_command_state_id(enum kt_command_state s)
{
    static const char *const ids[] = {"none",   "requested", "confirmed", "sent",    "readback",
                                      "proved", "refused",   "failed",    "expired", "anomaly"};
    return ids[s];
}

static void write_latches(const struct kt_control *c, const struct kt_output *o, struct kt_jw *w)
{
    kt_jw_key(w, "latched_by");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < o->latch_n; i++) {
        kt_jw_str(w, c->site->points[o->latch[i].self.v].id);
    }
    kt_jw_arr_end(w);
}

void kt_command_json(const struct kt_control *c, const struct kt_command *cmd, struct kt_jw *w)
{
    kt_jw_kint(w, "id", (int64_t)cmd->id.v);
    kt_jw_kstr(w, "output", c->site->points[cmd->output.v].id);
    kt_jw_knum(w, "value", cmd->value);
    kt_jw_kstr(w, "state", kt_command_state_id(cmd->state));
    kt_jw_kbool(w, "protective", cmd->protective);
    kt_jw_kstr(w, "by", cmd->by);
    kt_jw_ktext(w, "second", cmd->second);
    kt_jw_ktext(w, "reason", cmd->reason);
    kt_jw_ktext(w, "text", cmd->text);
    kt_jw_ktime(w, "requested", cmd->requested);
    kt_jw_ktime(w, "sent", cmd->sent);
    kt_jw_ktime(w, "expires", cmd->expires);
    const struct kt_output *o = kt_control_of(c, cmd->output);
    if (o && o->latch_n > 0) {
        write_latches(c, o, w);
    }
}

static void write_tri(struct kt_jw *w, const char *key, int8_t v)
{
    kt_jw_key(w, key);
    if (v < 0) {
        kt_jw_null(w);
    } else {
        kt_jw_int(w, v);
    }
}

static void write_number(struct kt_jw *w, const char *key, double v)
{
    kt_jw_key(w, key);
    if (isnan(v)) {
        kt_jw_null(w);
    } else {
        kt_jw_num(w, v);
    }
}

/* What the device holds and what was written to it. */
static void write_held(struct kt_jw *w, const struct kt_setpoint *set, const struct kt_output *o)
{
    if (set) {
        write_number(w, "value", o->is);
        write_number(w, "commanded", o->set);
    } else {
        write_tri(w, "value", o->reg);
        write_tri(w, "commanded", o->commanded);
    }
}

struct condition_writer {
    const struct kt_control *c;
    struct kt_jw *w;
};

static void write_condition(void *arg, const struct kt_condition *cond)
{
    struct condition_writer *cw = arg;
    struct kt_jw *w = cw->w;
    char text[200];
    kt_condition_text(cw->c->site, cond, text, sizeof text);
    kt_jw_obj(w);
    kt_jw_kstr(w, "code", cond->code);
    kt_jw_kbool(w, "ok", cond->ok);
    kt_jw_kstr(w, "text", text);
    if (cond->rule.v != KT_NONE) {
        kt_jw_kstr(w, "rule", cw->c->site->rules[cond->rule.v].id);
    }
    if (cond->point.v != KT_NONE) {
        kt_jw_kstr(w, "point", cw->c->site->points[cond->point.v].id);
    }
    kt_jw_ktext(w, "who", cond->who);
    kt_jw_obj_end(w);
}

static void write_interlock(const struct kt_control *c, const struct kt_output *o, struct kt_jw *w)
{
    struct condition_writer cw = {c, w};
    kt_jw_key(w, "interlock");
    kt_jw_obj(w);
    kt_jw_key(w, "conditions");
    kt_jw_arr(w);
    bool ok = kt_control_interlock(c, o->point, write_condition, &cw);
    kt_jw_arr_end(w);
    kt_jw_kbool(w, "ok", ok);
    kt_jw_obj_end(w);
}

static void write_tags(const struct kt_output *o, struct kt_jw *w)
{
    kt_jw_key(w, "tags");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < o->tag_n; i++) {
        kt_jw_obj(w);
        kt_jw_kint(w, "id", (int64_t)o->tag[i].id);
        kt_jw_kstr(w, "by", o->tag[i].by);
        kt_jw_kstr(w, "reason", o->tag[i].reason);
        kt_jw_ktime(w, "at", o->tag[i].at);
        kt_jw_ktext(w, "untag_by", o->tag[i].untag_by);
        kt_jw_obj_end(w);
    }
    kt_jw_arr_end(w);
}

static void write_command(const struct kt_control *c, const struct kt_command *cmd, struct kt_jw *w)
{
    kt_jw_obj(w);
    kt_command_json(c, cmd, w);
    kt_jw_obj_end(w);
}

/* The command a screen shows for an output: a closing alive, else an opening alive. */
static const struct kt_command *shown(const struct kt_output *o)
{
    return o->close.state != KT_CMD_NONE  ? &o->close
           : o->open.state != KT_CMD_NONE ? &o->open
                                          : NULL;
}

static void write_output(const struct kt_control *c, const struct kt_output *o, struct kt_jw *w)
{
    const struct kt_point *p = control_point(c, o);
    kt_jw_obj(w);
    kt_jw_kstr(w, "output", p->id);
    kt_jw_kint(w, "opening", p->role->opening);
    write_held(w, p->set, o);
    write_tri(w, "feed", o->fed);
    kt_jw_kstr(w, "feed_point", o->feed.v == KT_NONE ? NULL : c->site->points[o->feed.v].id);
    kt_jw_kbool(w, "anomaly", o->anomaly);
    kt_jw_kbool(w, "unread", o->unread);
    kt_jw_kbool(w, "two_person", p->two_person);
    kt_jw_ktime(w, "sent", o->sent);
    write_latches(c, o, w);
    write_tags(o, w);
    write_interlock(c, o, w);
    kt_jw_key(w, "command");
    if (shown(o)) {
        write_command(c, shown(o), w);
    } else {
        kt_jw_null(w);
    }
    kt_jw_obj_end(w);
}

void kt_control_outputs_json(const struct kt_control *c, struct kt_jw *w)
{
    kt_jw_arr(w);
    for (uint32_t i = 0; i < c->n; i++) {
        write_output(c, &c->out[i], w);
    }
    kt_jw_arr_end(w);
}

void kt_control_commands_json(const struct kt_control *c, struct kt_jw *w)
{
    kt_jw_arr(w);
    for (uint32_t i = 0; i < c->n; i++) {
        if (c->out[i].close.state != KT_CMD_NONE) {
            write_command(c, &c->out[i].close, w);
        }
        if (c->out[i].open.state != KT_CMD_NONE) {
            write_command(c, &c->out[i].open, w);
        }
    }
    for (uint32_t i = 0; i < c->done_n; i++) {
        uint32_t at = (c->done_at + KT_CTL_DONE - 1 - i) % KT_CTL_DONE;
        write_command(c, &c->done[at], w);
    }
    kt_jw_arr_end(w);
}
