/* SPDX-License-Identifier: Apache-2.0 */
/* requests_output: commands by people, confirmations, tag-outs (safety rules 2 and 3). */
#include "engine/core.h"

static int arg_output(const struct eng *e, const struct request *q, uint32_t *ret,
                      struct kt_err *err)
{
    int r = eng_arg_point(e, q, "output", ret, err);
    if (r == KT_OK && !kt_point_commanded(&e->site->points[*ret])) {
        return kt_err_set(err, KT_EINVAL, "output: %s is no output", e->site->points[*ret].id);
    }
    return r;
}

static struct kt_ask ask_of(const struct eng *e, const struct request *q, uint32_t output)
{
    return (struct kt_ask){.now = e->now,
                           .cause = q->seq,
                           .output = {output},
                           .by = q->user,
                           .reason = kt_json_get_str(q->args, "reason", "")};
}

static void write_command(struct eng *e, const struct request *q, kt_command_id id)
{
    const struct kt_command *cmd = kt_control_find(e->control, id);
    kt_jw_kint(q->result, "command", (int64_t)id.v);
    if (cmd) {
        kt_jw_kstr(q->result, "state", kt_command_state_id((enum kt_command_state)cmd->state));
    }
}

/* In a drill a command may be played: it is told, and goes nowhere (safety rule 8). */
static int play_command(struct eng *e, const struct request *q, uint32_t output, double value,
                        struct kt_err *err)
{
    if (!e->drill[0]) {
        return kt_err_set(err, KT_ESTATE, "drill: no drill is under way");
    }
    struct kt_jw *w = eng_say(e, "drill");
    kt_jw_kstr(w, "change", "command");
    kt_jw_kstr(w, "title", e->drill);
    eng_jpoint(e, w, "output", output);
    kt_jw_knum(w, "value", value);
    kt_jw_kstr(w, "by", q->user);
    eng_said(e);
    kt_jw_kbool(q->result, "drill", true);
    return KT_OK;
}

static int open_output(struct eng *e, const struct request *q, uint32_t output, struct kt_err *err)
{
    if (!eng_may(q, "output.open")) {
        return kt_err_set(err, KT_EDENIED, "this needs the right output.open");
    }
    struct kt_ask ask = ask_of(e, q, output);
    write_command(e, q, kt_control_open(e->control, &ask));
    return KT_OK;
}

/* Closing a switch, or setting a number: the same gate, a right of its own. */
static int close_output(struct eng *e, const struct request *q, uint32_t output, double value,
                        struct kt_err *err)
{
    bool set = e->site->points[output].set;
    if (set && !eng_may(q, "output.set")) {
        return kt_err_set(err, KT_EDENIED, "this needs the right output.set");
    }
    if (!set && !eng_may(q, "output.close")) {
        return kt_err_set(err, KT_EDENIED, "this needs the right output.close");
    }
    struct kt_ask ask = ask_of(e, q, output);
    ask.value = value;
    kt_command_id id;
    int r = kt_control_close(e->control, &ask, &id, err);
    if (r == KT_OK) {
        write_command(e, q, id);
    }
    return r;
}

/* 0 or 1 for a switch; a number for a set-point, which control holds against its limits. */
static int arg_value(const struct eng *e, const struct request *q, uint32_t output, double *ret,
                     struct kt_err *err)
{
    double v;
    if (!kt_json_num(kt_json_get(q->args, "value"), &v)) {
        return kt_err_set(err, KT_EINVAL, "value: a number");
    }
    if (!e->site->points[output].set && v != 0 && v != 1) {
        return kt_err_set(err, KT_EINVAL, "value: 0 or 1");
    }
    *ret = v;
    return KT_OK;
}

int eng_output_command(struct eng *e, const struct request *q, struct kt_err *err)
{
    uint32_t output = 0;
    double value = 0;
    int r = arg_output(e, q, &output, err);
    if (r < 0 || (r = arg_value(e, q, output, &value, err)) < 0) {
        return r;
    }
    if (kt_json_get_bool(q->args, "drill", false)) {
        return play_command(e, q, output, value, err);
    }
    const struct kt_point *p = &e->site->points[output];
    bool opens = !p->set && value == p->role->opening;
    return opens ? open_output(e, q, output, err) : close_output(e, q, output, value, err);
}

static int arg_command(const struct eng *e, const struct request *q, kt_command_id *ret,
                       struct kt_err *err)
{
    int r = eng_arg_id(q, "command", &ret->v, err);
    if (r < 0) {
        return r;
    }
    const struct kt_command *cmd = kt_control_find(e->control, *ret);
    return cmd ? eng_in_scope(e, q, cmd->output.v, err)
               : kt_err_set(err, KT_ENOTFOUND, "command %llu is over or never was",
                            (unsigned long long)ret->v);
}

int eng_output_confirm(struct eng *e, const struct request *q, struct kt_err *err)
{
    kt_command_id id;
    int r = arg_command(e, q, &id, err);
    if (r == KT_OK) {
        r = kt_control_confirm(e->control, id, q->user, q->seq, e->now, err);
    }
    if (r == KT_OK) {
        write_command(e, q, id);
    }
    return r;
}

int eng_output_cancel(struct eng *e, const struct request *q, struct kt_err *err)
{
    kt_command_id id;
    int r = arg_command(e, q, &id, err);
    return r < 0 ? r : kt_control_cancel(e->control, id, q->user, err);
}

static void say_tag(struct eng *e, const struct request *q, uint32_t output, const char *change)
{
    struct kt_jw *w = eng_say(e, "tag");
    eng_jpoint(e, w, "output", output);
    kt_jw_kstr(w, "change", change);
    kt_jw_kstr(w, "by", q->user);
    kt_jw_ktext(w, "reason", kt_json_get_str(q->args, "reason", ""));
    eng_said(e);
    eng_set_flag(e, output, KT_FLAG_TAGGED,
                 kt_control_of(e->control, (kt_point_id){output})->tag_n > 0);
    eng_live_flags(e, output);
}

int eng_output_tag(struct eng *e, const struct request *q, struct kt_err *err)
{
    uint32_t output = 0;
    int r = arg_output(e, q, &output, err);
    if (r < 0) {
        return r;
    }
    struct kt_ask ask = ask_of(e, q, output);
    r = kt_control_tag(e->control, &ask, err);
    if (r == KT_OK) {
        say_tag(e, q, output, "tag");
    }
    return r;
}

int eng_output_untag(struct eng *e, const struct request *q, struct kt_err *err)
{
    uint32_t output = 0;
    bool gone = false;
    int r = arg_output(e, q, &output, err);
    if (r < 0) {
        return r;
    }
    int64_t tag = kt_json_get_int(q->args, "tag", 0);
    struct kt_ask ask = ask_of(e, q, output);
    r = kt_control_untag(e->control, &ask, tag > 0 ? (uint64_t)tag : 0, &gone, err);
    if (r == KT_OK) {
        say_tag(e, q, output, gone ? "untag" : "untag-asked");
        kt_jw_kbool(q->result, "gone", gone);
    }
    return r;
}
