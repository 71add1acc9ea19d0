/* SPDX-License-Identifier: Apache-2.0 */
/* command: the life of a command: asked, confirmed, sent, read back, proved. */
#include "control/private.h"

#include <stdio.h>

void control_due(struct kt_control *c, kt_time at)
{
    if (at < c->next_due) {
        c->next_due = at;
    }
}

bool control_final(const struct kt_control *c, const struct kt_command *cmd)
{
    switch (cmd->state) {
    case KT_CMD_PROVED:
    case KT_CMD_REFUSED:
    case KT_CMD_FAILED:
    case KT_CMD_EXPIRED:
        return true;
    case KT_CMD_READBACK:
        return c->site->points[cmd->output.v].feed.v == KT_NONE;
    case KT_CMD_ANOMALY:
        return !cmd->protective;
    default:
        return false;
    }
}

void control_state(struct kt_control *c, struct kt_command *cmd, enum kt_command_state s,
                   const char *text)
{
    cmd->state = (uint8_t)s;
    kt_text_set(cmd->text, sizeof cmd->text, text);
    if (c->owner.command) {
        c->owner.command(c->owner.arg, cmd);
    }
    if (control_final(c, cmd)) {
        c->done[c->done_at] = *cmd;
        c->done_at = (c->done_at + 1) % KT_CTL_DONE;
        c->done_n += c->done_n < KT_CTL_DONE;
        cmd->state = KT_CMD_NONE;
    }
}

void control_send(struct kt_control *c, struct kt_output *o, struct kt_command *cmd, kt_time now)
{
    struct kt_write w = {.command = cmd->id,
                         .cause = cmd->cause,
                         .output = o->point,
                         .value = cmd->value,
                         .protective = cmd->protective,
                         .expires = cmd->expires};
    o->sent = cmd->sent = now;
    if (!control_point(c, o)->set) {
        o->commanded = cmd->value != 0;
    }
    cmd->tries++;
    if (c->owner.write) {
        c->owner.write(c->owner.arg, &w);
    }
}

static void fill(struct kt_control *c, struct kt_command *cmd, const struct kt_ask *ask,
                 double value, bool protective)
{
    memset(cmd, 0, sizeof *cmd);
    cmd->id.v = c->owner.next_id(c->owner.arg);
    cmd->cause = ask->cause;
    cmd->output = ask->output;
    cmd->value = value;
    cmd->protective = protective;
    cmd->requested = ask->now;
    kt_text_set(cmd->by, sizeof cmd->by, ask->by);
    kt_text_set(cmd->reason, sizeof cmd->reason, ask->reason);
}

kt_command_id kt_control_open(struct kt_control *c, const struct kt_ask *ask)
{
    struct kt_output *o = control_output(c, ask->output);
    if (!o || control_point(c, o)->set) {
        return (kt_command_id){0};
    }
    if (o->close.state != KT_CMD_NONE) {
        o->guard_until = o->close.state >= KT_CMD_SENT ? o->close.expires : o->guard_until;
        control_state(c, &o->close, KT_CMD_FAILED, "overtaken by an opening");
    }
    if (o->open.state == KT_CMD_SENT && o->open.sent == ask->now) {
        return o->open.id; /* several rules at once */
    }
    if (o->open.state == KT_CMD_NONE) {
        fill(c, &o->open, ask, kt_control_opening(c, o), true);
    }
    kt_command_id id = o->open.id;
    o->open.tries = o->open.written = o->open.read = 0;
    o->against_since = 0;
    control_send(c, o, &o->open, ask->now);
    control_state(c, &o->open, KT_CMD_SENT, "");
    control_review(c, o, ask->now);
    return id;
}

struct first_bad {
    const struct kt_site *site;
    char text[160];
    bool found;
};

static void keep_first_bad(void *arg, const struct kt_condition *cond)
{
    struct first_bad *b = arg;
    if (!cond->ok && !b->found) {
        b->found = true;
        kt_condition_text(b->site, cond, b->text, sizeof b->text);
    }
}

static int check_interlock(struct kt_control *c, struct kt_output *o, double value,
                           struct kt_err *err)
{
    struct first_bad bad = {.site = c->site};
    bool set = control_point(c, o)->set != NULL;
    if (!kt_control_interlock(c, o->point, keep_first_bad, &bad)) {
        return kt_err_set(err, KT_ESTATE,
                          set ? "%s may not be set: %s" : "%s may not be closed: %s",
                          control_point(c, o)->id, bad.text);
    }
    return set ? control_set_check(c, o, value, err) : KT_OK;
}

static void send_closing(struct kt_control *c, struct kt_output *o, kt_time now)
{
    int64_t life = control_point(c, o)->role->expiry_ns;
    o->close.expires = now + (life > 0 ? life : 10 * KT_SEC);
    if (o->open.state != KT_CMD_NONE) {
        control_state(c, &o->open, KT_CMD_FAILED, "given up for a closing");
    }
    o->against_since = 0;
    o->guard_until = 0;
    control_send(c, o, &o->close, now);
    control_state(c, &o->close, KT_CMD_SENT, "");
    control_due(c, o->close.expires);
    control_review(c, o, now);
}

static int refuse(struct kt_control *c, const struct kt_ask *ask, double value, int code,
                  const struct kt_err *why)
{
    struct kt_command cmd;
    fill(c, &cmd, ask, value, false);
    control_state(c, &cmd, KT_CMD_REFUSED, why->text);
    return code;
}

int kt_control_close(struct kt_control *c, const struct kt_ask *ask, kt_command_id *ret,
                     struct kt_err *err)
{
    struct kt_output *o = control_output(c, ask->output);
    struct kt_err why = {0};
    if (!o) {
        return kt_err_set(err, KT_ENOTFOUND, "no such output");
    }
    double value = control_point(c, o)->set ? ask->value : !kt_control_opening(c, o);
    int r = KT_OK;
    if (o->close.state != KT_CMD_NONE) {
        r = kt_err_set(&why, KT_ECONFLICT, "%s: command %llu is under way", control_point(c, o)->id,
                       (unsigned long long)o->close.id.v);
    } else {
        r = check_interlock(c, o, value, &why);
    }
    if (r < 0) {
        (void)kt_err_set(err, r, "%s", why.text);
        return refuse(c, ask, value, r, &why);
    }
    fill(c, &o->close, ask, value, false);
    *ret = o->close.id;
    bool second = ask->second && ask->second[0] && strcmp(ask->second, ask->by) != 0;
    if (second) {
        kt_text_set(o->close.second, sizeof o->close.second, ask->second);
    }
    if (control_point(c, o)->two_person && !second) {
        o->close.expires = ask->now + KT_CTL_CONFIRM;
        control_due(c, o->close.expires);
        control_state(c, &o->close, KT_CMD_REQUESTED, "waits for a second person");
        return KT_OK;
    }
    send_closing(c, o, ask->now);
    return KT_OK;
}

static int waiting(const struct kt_control *c, kt_command_id id, struct kt_output **ret,
                   struct kt_err *err)
{
    const struct kt_command *cmd = kt_control_find(c, id);
    if (!cmd || cmd->state != KT_CMD_REQUESTED) {
        return kt_err_set(err, KT_ENOTFOUND, "no command %llu waits for a confirmation",
                          (unsigned long long)id.v);
    }
    *ret = control_output(c, cmd->output);
    return KT_OK;
}

int kt_control_confirm(struct kt_control *c, kt_command_id id, const char *by, kt_seq cause,
                       kt_time now, struct kt_err *err)
{
    struct kt_output *o = NULL;
    int r = waiting(c, id, &o, err);
    if (r < 0) {
        return r;
    }
    if (strcmp(o->close.by, by) == 0) {
        return kt_err_set(err, KT_EDENIED, "another person than %s confirms", by);
    }
    if (now >= o->close.expires) {
        control_state(c, &o->close, KT_CMD_EXPIRED, "nobody confirmed in time");
        return kt_err_set(err, KT_EEXPIRED, "the command has expired; ask again");
    }
    r = check_interlock(c, o, o->close.value, err);
    if (r < 0) {
        control_state(c, &o->close, KT_CMD_REFUSED, err ? err->text : "interlock");
        return r;
    }
    kt_text_set(o->close.second, sizeof o->close.second, by);
    o->close.cause = cause;
    control_state(c, &o->close, KT_CMD_CONFIRMED, "");
    send_closing(c, o, now);
    return KT_OK;
}

int kt_control_cancel(struct kt_control *c, kt_command_id id, const char *by, struct kt_err *err)
{
    struct kt_output *o = NULL;
    int r = waiting(c, id, &o, err);
    if (r == KT_OK) {
        char text[KT_CTL_TEXT];
        (void)snprintf(text, sizeof text, "given up by %s", by);
        control_state(c, &o->close, KT_CMD_REFUSED, text);
    }
    return r;
}
