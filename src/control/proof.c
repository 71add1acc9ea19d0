/* SPDX-License-Identifier: Apache-2.0 */
/* proof: what devices answer, the feed state, feed anomalies, resending, restart. */
#include "control/private.h"

#include <math.h>

/* What the feed state must be for a value: dead when it is open. */
static int8_t feed_for(const struct kt_control *c, const struct kt_output *o, int8_t value)
{
    return value == (int8_t)kt_control_opening(c, o) ? 0 : 1;
}

/* The value that is held against the feed state; -1: none. A standing or unproved opening counts
 * whatever the register says; then a closing under way; then what the device itself reports. */
static int8_t expected(const struct kt_control *c, const struct kt_output *o)
{
    if (o->open.state != KT_CMD_NONE || o->latch_n > 0) {
        return (int8_t)kt_control_opening(c, o);
    }
    if (o->close.state >= KT_CMD_SENT && (o->close.written || o->close.read)) {
        return (int8_t)o->close.value;
    }
    return o->reg >= 0 ? o->reg : o->commanded;
}

/* Is a switch above this one on its line to be open? Then the load side is to be dead, whatever
 * this one is asked for. What is not known of those above is no reason for anything. */
static bool open_above(const struct kt_control *c, const struct kt_output *o)
{
    const struct kt_output *up = control_output(c, o->fed_by);
    for (int i = 0; up && i < KT_LINE_MAX; i++) {
        bool held = up->open.state != KT_CMD_NONE || up->latch_n > 0;
        if (held || up->reg == (int8_t)kt_control_opening(c, up)) {
            return true;
        }
        up = control_output(c, up->fed_by);
    }
    return false;
}

static void set_anomaly(struct kt_control *c, struct kt_output *o, bool on)
{
    if (o->anomaly != on) {
        o->anomaly = on;
        if (c->owner.anomaly) {
            c->owner.anomaly(c->owner.arg, o->point, on);
        }
    }
}

static void mark_against(struct kt_control *c, struct kt_output *o, bool above)
{
    set_anomaly(c, o, true);
    if (above) {
        return; /* it says nothing about what was asked of this one */
    }
    if (o->open.state == KT_CMD_SENT || o->open.state == KT_CMD_READBACK) {
        control_state(c, &o->open, KT_CMD_ANOMALY, "the load side is still live");
    }
    if (o->close.state == KT_CMD_SENT || o->close.state == KT_CMD_READBACK) {
        control_state(c, &o->close, KT_CMD_ANOMALY, "the load side is dead");
    }
}

static void review_feed(struct kt_control *c, struct kt_output *o, kt_time now)
{
    int8_t want = expected(c, o);
    bool above = want >= 0 && want != (int8_t)kt_control_opening(c, o) && open_above(c, o);
    want = above ? (int8_t)kt_control_opening(c, o) : want;
    if (o->feed.v == KT_NONE || o->fed < 0 || want < 0) {
        o->against_since = 0;
        return;
    }
    if (o->fed == feed_for(c, o, want)) {
        o->against_since = 0;
        set_anomaly(c, o, false);
        return;
    }
    if (o->against_since == 0) {
        o->against_since = now;
    }
    kt_time at = o->against_since + KT_CTL_AGAINST;
    if (now >= at) {
        mark_against(c, o, above);
    } else {
        control_due(c, at);
    }
}

static void review_command(struct kt_control *c, struct kt_output *o, struct kt_command *cmd)
{
    bool sent =
        cmd->state == KT_CMD_SENT || cmd->state == KT_CMD_READBACK || cmd->state == KT_CMD_ANOMALY;
    if (!sent) {
        return;
    }
    if (cmd->read && cmd->state == KT_CMD_SENT) {
        control_state(c, cmd, KT_CMD_READBACK, "");
    }
    bool agrees =
        o->feed.v != KT_NONE && o->fed >= 0 && o->fed == feed_for(c, o, (int8_t)cmd->value);
    if (cmd->state != KT_CMD_NONE && agrees && (cmd->read || cmd->written)) {
        control_state(c, cmd, KT_CMD_PROVED, "");
    }
}

/* When an unanswered opening is written again; 0: not. */
static kt_time resend_at(const struct kt_output *o)
{
    if (o->open.state == KT_CMD_ANOMALY) {
        return o->sent + KT_CTL_SLOW;
    }
    if (o->open.state == KT_CMD_SENT) {
        return o->sent + (o->open.tries < KT_CTL_FAST_TRIES ? KT_CTL_RESEND : KT_CTL_SLOW);
    }
    return 0;
}

static void review_resend(struct kt_control *c, struct kt_output *o, kt_time now)
{
    kt_time at = resend_at(o);
    if (at == 0) {
        return;
    }
    if (o->unread && o->read_at != 0 && o->read_at + KT_CTL_READ > at) {
        at = o->read_at + KT_CTL_READ; /* read first */
    }
    if (now >= at) {
        control_send(c, o, &o->open, now);
        at = resend_at(o);
    }
    control_due(c, at);
}

/* A latched output that is found closed is opened again; so is one whose closing was overtaken by
 * an opening while it was on its way. */
static void review_latched(struct kt_control *c, struct kt_output *o, kt_time now)
{
    int8_t closed = (int8_t)!kt_control_opening(c, o);
    bool found_closed = o->reg == closed || (o->feed.v != KT_NONE && o->fed == 1);
    bool held = o->latch_n > 0 || now < o->guard_until;
    if (!held || !found_closed || o->open.state != KT_CMD_NONE) {
        return;
    }
    if (o->sent != 0 && now < o->sent + KT_CTL_RESEND) {
        control_due(c, o->sent + KT_CTL_RESEND);
        return;
    }
    struct kt_ask ask = {
        .now = now, .output = o->point, .by = "latch", .reason = "found closed while held open"};
    (void)kt_control_open(c, &ask);
}

void control_review_closing(struct kt_control *c, struct kt_output *o, kt_time now)
{
    char text[KT_CTL_TEXT];
    struct kt_command *cmd = &o->close;
    if (cmd->state == KT_CMD_NONE) {
        return;
    }
    int64_t wait = control_point(c, o)->role->readback_ns;
    kt_time at = cmd->expires;
    bool written = cmd->state == KT_CMD_SENT && cmd->written;
    if (written) {
        at = cmd->sent + (wait > 0 ? wait : 2 * KT_SEC);
    }
    if (now < at) {
        control_due(c, at);
    } else if (cmd->state == KT_CMD_READBACK) {
        control_state(c, cmd, KT_CMD_FAILED,
                      o->fed < 0 ? "read back, but the feed state is not known"
                                 : "read back, but a switch above it is open");
    } else if (written) {
        control_state(c, cmd, KT_CMD_FAILED, control_set_unread(c, o, text));
    } else {
        control_state(c, cmd, KT_CMD_EXPIRED,
                      cmd->state == KT_CMD_REQUESTED ? "nobody confirmed in time"
                                                     : "not written before its expiry");
    }
}

void control_review_read(struct kt_control *c, struct kt_output *o, kt_time now)
{
    if (!o->unread || o->read_at == 0) {
        return;
    }
    kt_time at = o->read_at + KT_CTL_SLOW;
    if (now >= at) {
        struct kt_write w = {o->read_id, 0, o->point, 0, false, true, 0};
        o->read_at = now;
        at = now + KT_CTL_SLOW;
        if (c->owner.write) {
            c->owner.write(c->owner.arg, &w);
        }
    }
    control_due(c, at);
}

/* What hangs on an output is held against the feed anew. Depth: site/points.c refuses more. */
static void review_below(struct kt_control *c, const struct kt_output *o, kt_time now, int depth)
{
    for (uint32_t i = c->below[o - c->out]; i && depth < KT_LINE_MAX; i = c->beside[i - 1]) {
        review_feed(c, &c->out[i - 1], now);
        review_below(c, &c->out[i - 1], now, depth + 1);
    }
}

void control_review(struct kt_control *c, struct kt_output *o, kt_time now)
{
    if (control_point(c, o)->set) {
        control_set_review(c, o, now);
        return;
    }
    review_command(c, o, &o->open);
    review_command(c, o, &o->close);
    review_feed(c, o, now);
    review_below(c, o, now, 0);
    control_review_closing(c, o, now);
    control_review_read(c, o, now);
    review_latched(c, o, now);
    review_resend(c, o, now);
}

/* The device was heard: what was read counts for the commands that are alive. */
static void heard(struct kt_control *c, struct kt_output *o, double given, kt_time now)
{
    uint8_t value = given != 0;
    o->unread = false;
    o->read_at = 0;
    o->read_id.v = 0;
    if (control_point(c, o)->set) {
        control_set_heard(c, o, given, now);
        return;
    }
    o->reg = (int8_t)value;
    struct kt_command *cmd[] = {&o->open, &o->close};
    for (int i = 0; i < 2; i++) {
        bool sent = cmd[i]->state >= KT_CMD_SENT;
        cmd[i]->read |= sent && (cmd[i]->value != 0) == value;
    }
    control_review(c, o, now);
}

static struct kt_output *by_command(struct kt_control *c, kt_command_id id, struct kt_command **ret)
{
    for (uint32_t i = 0; i < c->n && id.v != 0; i++) {
        struct kt_output *o = &c->out[i];
        *ret = o->open.state != KT_CMD_NONE && o->open.id.v == id.v     ? &o->open
               : o->close.state != KT_CMD_NONE && o->close.id.v == id.v ? &o->close
                                                                        : NULL;
        if (*ret || o->read_id.v == id.v) {
            return o;
        }
    }
    return NULL;
}

static void answer_failed(struct kt_control *c, struct kt_command *cmd, const char *text)
{
    if (!cmd || cmd->state != KT_CMD_SENT) {
        return;
    }
    if (!cmd->protective) {
        control_state(c, cmd, KT_CMD_FAILED, text && text[0] ? text : "the device refused it");
    } else if (strcmp(cmd->text, text ? text : "") != 0) {
        control_state(c, cmd, KT_CMD_SENT, text); /* told once a text; it is written again */
    }
}

void kt_control_answer(struct kt_control *c, kt_command_id id, enum kt_answer what, double value,
                       const char *text, kt_time now)
{
    struct kt_command *cmd = NULL;
    struct kt_output *o = by_command(c, id, &cmd);
    if (!o || (cmd && cmd->state == KT_CMD_REQUESTED)) {
        return;
    }
    switch (what) {
    case KT_ANS_WRITTEN:
        if (cmd) {
            cmd->written = true;
            o->set = cmd->value;
            control_review(c, o, now);
        }
        break;
    case KT_ANS_FAILED:
        answer_failed(c, cmd, text);
        break;
    case KT_ANS_READBACK:
        heard(c, o, value, now);
        break;
    }
}

void kt_control_register(struct kt_control *c, kt_point_id output, bool known, double value,
                         kt_time now)
{
    struct kt_output *o = control_output(c, output);
    if (!o) {
        return;
    }
    if (known) {
        heard(c, o, value, now);
    } else {
        o->is = NAN;
        o->reg = -1;
        control_review(c, o, now);
    }
}

void kt_control_feed(struct kt_control *c, kt_point_id output, bool known, uint8_t live,
                     kt_time now)
{
    struct kt_output *o = control_output(c, output);
    if (o) {
        o->fed = known ? (int8_t)(live != 0) : -1;
        control_review(c, o, now);
    }
}

void kt_control_tick(struct kt_control *c, kt_time now)
{
    if (now < c->next_due) {
        return;
    }
    c->next_due = INT64_MAX;
    for (uint32_t i = 0; i < c->n; i++) {
        control_review(c, &c->out[i], now);
    }
}

static void ask_device(struct kt_control *c, struct kt_output *o, kt_seq cause, kt_time now)
{
    o->unread = true;
    o->read_at = now;
    o->read_id.v = c->owner.next_id(c->owner.arg);
    struct kt_write w = {o->read_id, cause, o->point, 0, false, true, 0};
    if (c->owner.write) {
        c->owner.write(c->owner.arg, &w);
    }
}

void kt_control_recovered(struct kt_control *c, uint32_t link, kt_seq cause, kt_time now)
{
    for (uint32_t i = 0; i < c->n; i++) {
        struct kt_output *o = &c->out[i];
        const struct kt_point *p = control_point(c, o);
        if (link != KT_NONE && p->link != link) {
            continue;
        }
        if (o->close.state != KT_CMD_NONE) {
            control_state(c, &o->close, KT_CMD_EXPIRED,
                          link == KT_NONE ? "restart" : "the link was lost");
        }
        if (o->open.state != KT_CMD_NONE) {
            o->open.written = o->open.read = false;
            o->open.tries = 0;
            if (o->open.state == KT_CMD_READBACK) {
                o->open.state = KT_CMD_SENT;
            }
        }
        o->is = NAN;
        o->reg = -1;
        if (p->link != KT_NONE) {
            ask_device(c, o, cause, now);
        }
        o->sent = o->open.state != KT_CMD_NONE ? now - KT_CTL_RESEND : o->sent;
        control_due(c, now);
        control_review(c, o, now);
    }
}
