/* SPDX-License-Identifier: Apache-2.0 */
/* save: outputs and commands in a checkpoint, by text ids. */
#include <stdlib.h>

#include "control/private.h"

static void save_command(const struct kt_command *cmd, struct kt_buf *out)
{
    kt_put_u8(out, cmd->state);
    if (cmd->state == KT_CMD_NONE) {
        return;
    }
    kt_put_u64(out, cmd->id.v);
    kt_put_u64(out, cmd->cause);
    bool number = cmd->value != 0 && cmd->value != 1;
    kt_put_u8(out, number ? 0 : (uint8_t)cmd->value);
    kt_put_u8(out, (uint8_t)(cmd->protective | cmd->written << 1 | cmd->read << 2 | number << 3));
    if (number) {
        kt_put_f64(out, cmd->value);
    }
    kt_put_u32(out, cmd->tries);
    kt_put_i64(out, cmd->requested);
    kt_put_i64(out, cmd->sent);
    kt_put_i64(out, cmd->expires);
    kt_put_text(out, cmd->by);
    kt_put_text(out, cmd->second);
    kt_put_text(out, cmd->reason);
    kt_put_text(out, cmd->text);
}

static void load_command(struct kt_command *cmd, kt_point_id output, struct kt_rd *in)
{
    memset(cmd, 0, sizeof *cmd);
    cmd->output = output;
    cmd->state = kt_get_u8(in);
    in->bad |= cmd->state > KT_CMD_ANOMALY;
    if (in->bad || cmd->state == KT_CMD_NONE) {
        cmd->state = KT_CMD_NONE;
        return;
    }
    cmd->id.v = kt_get_u64(in);
    cmd->cause = kt_get_u64(in);
    uint8_t value = kt_get_u8(in);
    uint8_t bits = kt_get_u8(in);
    in->bad |= value > 1;
    cmd->value = bits >> 3 & 1 ? kt_get_f64(in) : value;
    cmd->protective = bits & 1;
    cmd->written = bits >> 1 & 1;
    cmd->read = bits >> 2 & 1;
    cmd->tries = kt_get_u32(in);
    cmd->requested = kt_get_i64(in);
    cmd->sent = kt_get_i64(in);
    cmd->expires = kt_get_i64(in);
    kt_get_text(in, cmd->by, sizeof cmd->by);
    kt_get_text(in, cmd->second, sizeof cmd->second);
    kt_get_text(in, cmd->reason, sizeof cmd->reason);
    kt_get_text(in, cmd->text, sizeof cmd->text);
}

static void save_output(const struct kt_control *c, const struct kt_output *o, struct kt_buf *out)
{
    kt_put_text(out, control_point(c, o)->id);
    kt_put_u8(out, (uint8_t)(o->reg + 1));
    kt_put_u8(out, (uint8_t)(o->fed + 1));
    kt_put_u8(out, (uint8_t)(o->commanded + 1));
    bool set = control_point(c, o)->set;
    kt_put_u8(out, (uint8_t)(o->anomaly | o->unread << 1 | set << 2));
    if (set) {
        kt_put_f64(out, o->is);
        kt_put_f64(out, o->set);
    }
    kt_put_i64(out, o->sent);
    kt_put_i64(out, o->against_since);
    kt_put_i64(out, o->read_at);
    kt_put_i64(out, o->guard_until);
    kt_put_u64(out, o->read_id.v);
    save_command(&o->open, out);
    save_command(&o->close, out);
    kt_put_varint(out, o->latch_n);
    for (uint32_t i = 0; i < o->latch_n; i++) {
        kt_put_text(out, c->site->rules[o->latch[i].rule.v].id);
        kt_put_text(out, c->site->points[o->latch[i].self.v].id);
    }
    kt_put_varint(out, o->tag_n);
    for (uint32_t i = 0; i < o->tag_n; i++) {
        kt_put_u64(out, o->tag[i].id);
        kt_put_i64(out, o->tag[i].at);
        kt_put_i64(out, o->tag[i].untag_until);
        kt_put_text(out, o->tag[i].by);
        kt_put_text(out, o->tag[i].reason);
        kt_put_text(out, o->tag[i].untag_by);
    }
}

static bool instance_exists(const struct kt_site *site, struct kt_rule_instance by)
{
    if (by.rule.v == KT_NONE || by.self.v == KT_NONE) {
        return false;
    }
    const struct kt_rule *r = &site->rules[by.rule.v];
    for (uint32_t i = 0; i < r->points_n; i++) {
        if (r->points[i].v == by.self.v) {
            return true;
        }
    }
    return false;
}

static void load_latches(struct kt_control *c, struct kt_output *o, struct kt_rd *in)
{
    uint64_t n = kt_get_varint(in);
    for (uint64_t i = 0; i < n && !in->bad; i++) {
        struct kt_rule_instance by;
        by.rule = kt_site_rule(c->site, kt_get_bytes(in));
        by.self = kt_site_point(c->site, kt_get_bytes(in));
        if (!in->bad && instance_exists(c->site, by)) {
            o->latch = realloc(o->latch, (o->latch_n + 1) * sizeof *o->latch);
            KT_ASSERT(o->latch);
            o->latch[o->latch_n++] = by;
        }
    }
}

static void load_tags(struct kt_output *o, struct kt_rd *in)
{
    uint64_t n = kt_get_varint(in);
    in->bad |= n > KT_CTL_TAGS;
    for (uint64_t i = 0; i < n && !in->bad; i++) {
        struct kt_tag *t = &o->tag[i];
        t->id = kt_get_u64(in);
        t->at = kt_get_i64(in);
        t->untag_until = kt_get_i64(in);
        kt_get_text(in, t->by, sizeof t->by);
        kt_get_text(in, t->reason, sizeof t->reason);
        kt_get_text(in, t->untag_by, sizeof t->untag_by);
        o->tag_n = (uint32_t)i + 1;
    }
}

static int8_t get_tri(struct kt_rd *in)
{
    uint8_t v = kt_get_u8(in);
    in->bad |= v > 2;
    return (int8_t)((int)v - 1);
}

static void load_output(struct kt_control *c, struct kt_rd *in)
{
    struct kt_str id = kt_get_bytes(in);
    kt_point_id p = in->bad ? (kt_point_id){KT_NONE} : kt_site_point(c->site, id);
    struct kt_output gone = {.point = {0}}, *o = control_output(c, p);
    if (!o) {
        o = &gone; /* the output is no more: read over it */
    }
    o->reg = get_tri(in);
    o->fed = get_tri(in);
    o->commanded = get_tri(in);
    uint8_t bits = kt_get_u8(in);
    o->anomaly = bits & 1;
    o->unread = bits >> 1 & 1;
    if (bits >> 2 & 1) {
        o->is = kt_get_f64(in);
        o->set = kt_get_f64(in);
    }
    o->sent = kt_get_i64(in);
    o->against_since = kt_get_i64(in);
    o->read_at = kt_get_i64(in);
    o->guard_until = kt_get_i64(in);
    o->read_id.v = kt_get_u64(in);
    load_command(&o->open, o->point, in);
    load_command(&o->close, o->point, in);
    load_latches(c, o, in);
    load_tags(o, in);
    if (o == &gone) {
        free(gone.latch);
    }
}

static void save_done(const struct kt_control *c, struct kt_buf *out)
{
    kt_put_varint(out, c->done_n);
    for (uint32_t i = 0; i < c->done_n; i++) {
        const struct kt_command *cmd =
            &c->done[(c->done_at + KT_CTL_DONE - c->done_n + i) % KT_CTL_DONE];
        kt_put_text(out, c->site->points[cmd->output.v].id);
        save_command(cmd, out);
    }
}

static void load_done(struct kt_control *c, struct kt_rd *in)
{
    uint64_t n = kt_get_varint(in);
    in->bad |= n > KT_CTL_DONE;
    for (uint64_t i = 0; i < n && !in->bad; i++) {
        kt_point_id p = kt_site_point(c->site, kt_get_bytes(in));
        struct kt_command cmd;
        load_command(&cmd, p, in);
        if (!in->bad && p.v != KT_NONE && cmd.state != KT_CMD_NONE) {
            c->done[c->done_at] = cmd;
            c->done_at = (c->done_at + 1) % KT_CTL_DONE;
            c->done_n++;
        }
    }
}

void kt_control_save(const struct kt_control *c, struct kt_buf *out)
{
    kt_put_i64(out, c->next_due);
    kt_put_varint(out, c->n);
    for (uint32_t i = 0; i < c->n; i++) {
        save_output(c, &c->out[i], out);
    }
    save_done(c, out);
}

int kt_control_load(struct kt_control *c, struct kt_rd *in, struct kt_err *err)
{
    c->next_due = kt_get_i64(in);
    uint64_t n = kt_get_varint(in);
    for (uint64_t i = 0; i < n && !in->bad; i++) {
        load_output(c, in);
    }
    load_done(c, in);
    return in->bad ? kt_err_set(err, KT_ECORRUPT, "checkpoint: outputs are damaged") : KT_OK;
}
