/* SPDX-License-Identifier: Apache-2.0 */
/* outputs: the table of outputs, tags, latches, the interlock. */
#include "control/private.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static uint32_t count_outputs(const struct kt_site *site)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < site->points_n; i++) {
        n += kt_point_commanded(&site->points[i]);
    }
    return n;
}

static void *zeroed(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size);
    KT_ASSERT(p);
    return p;
}

/* Who feeds whom; lists by ascending point. */
static void set_lines(struct kt_control *c)
{
    c->below = zeroed(c->n, sizeof *c->below);
    c->beside = zeroed(c->n, sizeof *c->beside);
    for (uint32_t i = c->n; i-- > 0;) {
        const struct kt_output *up = control_output(c, c->out[i].fed_by);
        if (up && up != &c->out[i]) {
            uint32_t *first = &c->below[up - c->out];
            c->beside[i] = *first;
            *first = i + 1;
        }
    }
}

struct kt_control *kt_control_new(const struct kt_site *site, const struct kt_control_owner *owner)
{
    struct kt_control *c = zeroed(1, sizeof *c);
    c->site = site;
    c->owner = *owner;
    c->next_due = INT64_MAX;
    c->out = zeroed(count_outputs(site), sizeof *c->out);
    c->of = zeroed(site->points_n, sizeof *c->of);
    c->done = zeroed(KT_CTL_DONE, sizeof *c->done);
    for (uint32_t i = 0; i < site->points_n; i++) {
        if (kt_point_commanded(&site->points[i])) {
            struct kt_output *o = &c->out[c->n];
            o->point.v = i;
            o->feed = site->points[i].feed;
            o->fed_by = site->points[i].fed_by;
            o->reg = o->fed = o->commanded = -1;
            o->is = o->set = NAN;
            c->of[i] = ++c->n;
        }
    }
    set_lines(c);
    return c;
}

void kt_control_free(struct kt_control *c)
{
    if (!c) {
        return;
    }
    for (uint32_t i = 0; i < c->n; i++) {
        free(c->out[i].latch);
    }
    free(c->out);
    free(c->of);
    free(c->below);
    free(c->beside);
    free(c->done);
    free(c);
}

struct kt_output *control_output(const struct kt_control *c, kt_point_id point)
{
    return point.v < c->site->points_n && c->of[point.v] ? &c->out[c->of[point.v] - 1] : NULL;
}

uint32_t kt_control_count(const struct kt_control *c)
{
    return c->n;
}

const struct kt_output *kt_control_at(const struct kt_control *c, uint32_t i)
{
    KT_ASSERT(i < c->n);
    return &c->out[i];
}

const struct kt_output *kt_control_of(const struct kt_control *c, kt_point_id output)
{
    return control_output(c, output);
}

uint8_t kt_control_opening(const struct kt_control *c, const struct kt_output *o)
{
    return control_point(c, o)->role->opening;
}

const struct kt_command *kt_control_find(const struct kt_control *c, kt_command_id id)
{
    for (uint32_t i = 0; i < c->n && id.v != 0; i++) {
        const struct kt_output *o = &c->out[i];
        if (o->open.state != KT_CMD_NONE && o->open.id.v == id.v) {
            return &o->open;
        }
        if (o->close.state != KT_CMD_NONE && o->close.id.v == id.v) {
            return &o->close;
        }
    }
    return NULL;
}

static const struct kt_command *done_at(const struct kt_control *c, uint32_t back)
{
    return &c->done[(c->done_at + KT_CTL_DONE - 1 - back) % KT_CTL_DONE];
}

const struct kt_command *kt_control_over(const struct kt_control *c, kt_command_id id)
{
    for (uint32_t i = 0; i < c->done_n; i++) {
        if (done_at(c, i)->id.v == id.v) {
            return done_at(c, i);
        }
    }
    return NULL;
}

const struct kt_command *kt_control_last_opening(const struct kt_control *c, kt_point_id output)
{
    for (uint32_t i = 0; i < c->done_n; i++) {
        if (done_at(c, i)->output.v == output.v && done_at(c, i)->protective) {
            return done_at(c, i);
        }
    }
    return NULL;
}

static uint32_t latch_index(const struct kt_output *o, struct kt_rule_instance by)
{
    uint32_t i = 0;
    while (i < o->latch_n && (o->latch[i].rule.v != by.rule.v || o->latch[i].self.v != by.self.v)) {
        i++;
    }
    return i;
}

void kt_control_latch(struct kt_control *c, kt_point_id output, struct kt_rule_instance by)
{
    struct kt_output *o = control_output(c, output);
    if (!o || control_point(c, o)->set || latch_index(o, by) < o->latch_n) {
        return;
    }
    o->latch = realloc(o->latch, (o->latch_n + 1) * sizeof *o->latch);
    KT_ASSERT(o->latch);
    o->latch[o->latch_n++] = by;
    if (c->owner.latch) {
        c->owner.latch(c->owner.arg, output, by, true);
    }
}

void kt_control_unlatch(struct kt_control *c, kt_point_id output, struct kt_rule_instance by)
{
    struct kt_output *o = control_output(c, output);
    uint32_t i = o ? latch_index(o, by) : 0;
    if (!o || i == o->latch_n) {
        return;
    }
    o->latch_n--;
    memmove(&o->latch[i], &o->latch[i + 1], (o->latch_n - i) * sizeof *o->latch);
    if (c->owner.latch) {
        c->owner.latch(c->owner.arg, output, by, false);
    }
}

int kt_control_tag(struct kt_control *c, const struct kt_ask *ask, struct kt_err *err)
{
    struct kt_output *o = control_output(c, ask->output);
    if (!o) {
        return kt_err_set(err, KT_ENOTFOUND, "no such output");
    }
    if (!ask->reason || !ask->reason[0]) {
        return kt_err_set(err, KT_EINVAL, "reason: write who works there and why");
    }
    if (o->tag_n == KT_CTL_TAGS) {
        return kt_err_set(err, KT_ELIMIT, "%s carries %d tags already", control_point(c, o)->id,
                          KT_CTL_TAGS);
    }
    struct kt_tag *t = &o->tag[o->tag_n++];
    memset(t, 0, sizeof *t);
    t->id = c->owner.next_id(c->owner.arg);
    t->at = ask->now;
    kt_text_set(t->by, sizeof t->by, ask->by);
    kt_text_set(t->reason, sizeof t->reason, ask->reason);
    if (o->close.state != KT_CMD_NONE) {
        control_state(c, &o->close, KT_CMD_FAILED, "a tag-out was hung");
    }
    return KT_OK;
}

static int find_tag(const struct kt_control *c, const struct kt_output *o, const struct kt_ask *ask,
                    uint64_t tag, uint32_t *ret, struct kt_err *err)
{
    for (uint32_t i = 0; i < o->tag_n; i++) {
        if (tag != 0 ? o->tag[i].id == tag : strcmp(o->tag[i].by, ask->by) == 0) {
            *ret = i;
            return KT_OK;
        }
    }
    if (tag != 0 || o->tag_n == 0) {
        return kt_err_set(err, KT_ENOTFOUND, "%s carries no such tag", control_point(c, o)->id);
    }
    if (o->tag_n > 1) {
        return kt_err_set(err, KT_EINVAL, "%s carries several tags: name one by `tag`",
                          control_point(c, o)->id);
    }
    *ret = 0;
    return KT_OK;
}

int kt_control_untag(struct kt_control *c, const struct kt_ask *ask, uint64_t tag, bool *ret_gone,
                     struct kt_err *err)
{
    struct kt_output *o = control_output(c, ask->output);
    if (!o) {
        return kt_err_set(err, KT_ENOTFOUND, "no such output");
    }
    uint32_t i = 0;
    int r = find_tag(c, o, ask, tag, &i, err);
    if (r < 0) {
        return r;
    }
    struct kt_tag *t = &o->tag[i];
    bool second = t->untag_by[0] && ask->now < t->untag_until && strcmp(t->untag_by, ask->by) != 0;
    if (control_point(c, o)->two_person && !second) {
        kt_text_set(t->untag_by, sizeof t->untag_by, ask->by);
        t->untag_until = ask->now + KT_CTL_CONFIRM;
        *ret_gone = false;
        return KT_OK;
    }
    o->tag_n--;
    memmove(t, t + 1, (o->tag_n - i) * sizeof *t);
    *ret_gone = true;
    return KT_OK;
}

struct visit {
    kt_condition_fn say;
    void *arg;
    bool ok;
};

static void visit_one(void *arg, const struct kt_condition *c)
{
    struct visit *v = arg;
    v->ok = v->ok && c->ok;
    if (v->say) {
        v->say(v->arg, c);
    }
}

bool kt_control_interlock(const struct kt_control *c, kt_point_id output, kt_condition_fn say,
                          void *arg)
{
    const struct kt_output *o = control_output(c, output);
    struct visit v = {say, arg, o != NULL};
    if (!o) {
        return false;
    }
    bool set = control_point(c, o)->set;
    struct kt_condition cond = {"latch", {KT_NONE}, {KT_NONE}, "", o->latch_n == 0};
    for (uint32_t i = 0; i < o->latch_n; i++) {
        cond.rule = o->latch[i].rule;
        cond.point = o->latch[i].self;
        visit_one(&v, &cond);
    }
    if (o->latch_n == 0 && !set) {
        visit_one(&v, &cond);
    }
    cond = (struct kt_condition){"tag", {KT_NONE}, {KT_NONE}, "", o->tag_n == 0};
    for (uint32_t i = 0; i < o->tag_n; i++) {
        cond.who = o->tag[i].by;
        visit_one(&v, &cond);
    }
    if (o->tag_n == 0) {
        visit_one(&v, &cond);
    }
    cond = (struct kt_condition){"unread", {KT_NONE}, {KT_NONE}, "", !o->unread};
    visit_one(&v, &cond);
    if (c->owner.guards) {
        c->owner.guards(c->owner.arg, output, visit_one, &v);
    }
    return v.ok;
}

void kt_condition_text(const struct kt_site *site, const struct kt_condition *c, char *to,
                       size_t cap)
{
    const char *rule = c->rule.v < site->rules_n ? site->rules[c->rule.v].id : "";
    const char *point = c->point.v < site->points_n ? site->points[c->point.v].id : "";
    if (strcmp(c->code, "latch") == 0) {
        (void)snprintf(to, cap, c->ok ? "no protection holds it open" : "%s at %s holds it open",
                       rule, point);
    } else if (strcmp(c->code, "tag") == 0) {
        (void)snprintf(to, cap, c->ok ? "no tag-out" : "tag-out by %s", c->who);
    } else if (strcmp(c->code, "unread") == 0) {
        (void)snprintf(to, cap, "%s",
                       c->ok ? "the device was read" : "the device was not read yet");
    } else if (c->rule.v < site->rules_n && site->rules[c->rule.v].interlock) {
        const char *why = site->rules[c->rule.v].cause.en;
        (void)snprintf(to, cap, c->ok ? "%s permits it%s" : "%s%s", c->ok ? rule : why,
                       !c->ok && strcmp(c->code, "unknown") == 0 ? " (not known)" : "");
    } else {
        (void)snprintf(to, cap, "%s at %s: %s", rule, point,
                       c->ok                             ? "clear"
                       : strcmp(c->code, "unknown") == 0 ? "not known"
                                                         : "stands");
    }
}
