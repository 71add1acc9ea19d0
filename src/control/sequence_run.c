/* SPDX-License-Identifier: Apache-2.0 */
/* sequence_run: the steps of a run: skip, guard, wait, act, confirm, late. */
#include "control/sequence_private.h"

#include <stdio.h>
#include <stdlib.h>

enum { STEPS_AT_ONCE = 4096 };

static int64_t time_of(const struct kt_seq_run *r, struct kt_seq_time t)
{
    return t.param >= 0 ? r->param[t.param] : t.ns;
}

static const struct kt_seq_step *step_of(const struct kt_sequences *s, const struct kt_seq_run *r)
{
    return &run_sequence(s, r)->steps[r->step];
}

/* The subjects that the present step is for: [*from, *to) of the run's; a step for once has one
 * that is none. */
static void group(const struct kt_sequences *s, const struct kt_seq_run *r, uint32_t *from,
                  uint32_t *to)
{
    enum kt_seq_turn turn = step_of(s, r)->turn;
    *from = turn == KT_SEQ_EACH ? r->turn : 0;
    *to = turn == KT_SEQ_EACH ? r->turn + 1 : turn == KT_SEQ_ALL ? r->subjects_n : 1;
}

static kt_point_id subject_at(const struct kt_sequences *s, const struct kt_seq_run *r, uint32_t i)
{
    return step_of(s, r)->turn == KT_SEQ_ONCE ? (kt_point_id){KT_NONE} : r->subject[i];
}

static bool is_true(struct kt_sequences *s, const struct kt_expr *x, kt_point_id self)
{
    return s->owner.eval(s->owner.arg, x, self) == KT_TRUE;
}

static bool skips(struct kt_sequences *s, const struct kt_seq_run *r, uint32_t i)
{
    const struct kt_seq_step *st = step_of(s, r);
    return st->skip && is_true(s, st->skip, subject_at(s, r, i));
}

/* --- acting */

void run_acted(struct kt_seq_run *r, kt_point_id output, kt_command_id command)
{
    for (uint32_t i = 0; i < r->acted_n; i++) {
        if (r->acted[i].output.v == output.v) {
            r->acted[i].command = command;
            return;
        }
    }
    r->acted = realloc(r->acted, (r->acted_n + 1) * sizeof *r->acted);
    KT_ASSERT(r->acted);
    r->acted[r->acted_n++] = (struct kt_run_acted){output, command};
}

void run_not_acted(struct kt_seq_run *r, kt_point_id output)
{
    for (uint32_t i = 0; i < r->acted_n; i++) {
        if (r->acted[i].output.v == output.v) {
            r->acted[i] = r->acted[--r->acted_n];
            return;
        }
    }
}

static struct kt_ask ask_for(const struct kt_sequences *s, const struct kt_seq_run *r,
                             kt_point_id output, const char *reason, kt_seq cause, kt_time now)
{
    (void)s;
    return (struct kt_ask){.now = now,
                           .cause = cause,
                           .output = output,
                           .by = r->by,
                           .reason = reason,
                           .second = r->second};
}

/* One action at one subject; false with err when a closing was refused. */
static bool act_at(struct kt_sequences *s, struct kt_seq_run *r, const struct kt_seq_action *a,
                   kt_point_id subject, kt_seq cause, kt_time now, struct kt_err *err)
{
    const struct kt_point_list list = kt_site_acts_on(s->site, a, subject);
    const char *reason = run_sequence(s, r)->title.zh;
    for (uint32_t i = 0; i < list.n; i++) {
        struct kt_ask ask = ask_for(s, r, list.points[i], reason, cause, now);
        kt_command_id id = {0};
        if (!a->close) {
            run_not_acted(r, list.points[i]);
            (void)kt_control_open(s->control, &ask);
        } else if (kt_control_close(s->control, &ask, &id, err) < 0) {
            return false;
        } else {
            run_acted(r, list.points[i], id);
        }
    }
    return true;
}

static bool act(struct kt_sequences *s, struct kt_seq_run *r, kt_seq cause, kt_time now)
{
    const struct kt_seq_step *st = step_of(s, r);
    struct kt_err err = {0};
    uint32_t from, to;
    group(s, r, &from, &to);
    for (uint32_t i = from; i < to; i++) {
        if (skips(s, r, i)) {
            continue;
        }
        for (uint32_t k = 0; k < st->act_n; k++) {
            if (!act_at(s, r, &st->act[k], subject_at(s, r, i), cause, now, &err)) {
                run_held(s, r, "refused", "", err.text, now);
                run_rest(s, r, now);
                return false;
            }
        }
    }
    return true;
}

void run_rest(struct kt_sequences *s, struct kt_seq_run *r, kt_time now)
{
    const struct kt_sequence *q = run_sequence(s, r);
    r->rest_at = 0;
    for (uint32_t k = 0; k < q->rest_n; k++) {
        const struct kt_seq_action *a = &q->rest[k];
        for (uint32_t i = 0; i < (a->of_asset ? r->subjects_n : 1) && !a->close; i++) {
            kt_point_id at = a->of_asset ? r->subject[i] : (kt_point_id){KT_NONE};
            (void)act_at(s, r, a, at, r->cause, now, NULL);
        }
    }
}

/* --- what was closed stays closed */

static const struct kt_command *opened_last(const struct kt_sequences *s, kt_point_id output)
{
    const struct kt_output *o = kt_control_of(s->control, output);
    return o->open.state != KT_CMD_NONE ? &o->open : kt_control_last_opening(s->control, output);
}

/* Empty when the closing stands or is on its way. */
static void taken_back(const struct kt_sequences *s, struct kt_run_acted *a, char *to, size_t cap)
{
    const struct kt_output *o = kt_control_of(s->control, a->output);
    const char *id = s->site->points[a->output.v].id;
    int8_t open = (int8_t)kt_control_opening(s->control, o);
    const struct kt_command *c = NULL;
    to[0] = 0;
    if (o->commanded == open) {
        c = opened_last(s, a->output);
        (void)snprintf(to, cap, "%s was opened by %s", id, c ? c->by : "somebody");
    } else if (a->command.v != 0 && !kt_control_find(s->control, a->command)) {
        c = kt_control_over(s->control, a->command);
        if (c && (c->state == KT_CMD_PROVED || c->state == KT_CMD_READBACK)) {
            a->command.v = 0;
        } else {
            (void)snprintf(to, cap, "%.63s: %.160s", id, c ? c->text : "the command is dead");
        }
    } else if (a->command.v == 0 && o->reg == open) {
        (void)snprintf(to, cap, "%s was opened at its place", id);
    }
}

static bool still_stands(struct kt_sequences *s, struct kt_seq_run *r, kt_time now)
{
    char text[KT_CTL_TEXT];
    for (uint32_t i = 0; i < r->acted_n; i++) {
        taken_back(s, &r->acted[i], text, sizeof text);
        if (text[0]) {
            run_held(s, r, "taken-back", "", text, now);
            run_rest(s, r, now);
            return false;
        }
    }
    return true;
}

/* --- from step to step */

static void next(struct kt_sequences *s, struct kt_seq_run *r, enum kt_run_mark mark)
{
    const struct kt_sequence *q = run_sequence(s, r);
    bool each = q->steps[r->step].turn == KT_SEQ_EACH;
    *run_mark(r, r->step, each ? r->turn : 0) = (uint8_t)mark;
    r->phase = KT_PHASE_ENTER;
    if (each && (r->step + 1 == q->steps_n || q->steps[r->step + 1].turn != KT_SEQ_EACH)) {
        if (r->turn + 1 < r->subjects_n) { /* back to the first step of this block */
            r->turn++;
            while (r->step > 0 && q->steps[r->step - 1].turn == KT_SEQ_EACH) {
                r->step--;
            }
            return;
        }
        r->turn = 0;
    }
    r->step++;
}

static kt_point_id shown_subject(const struct kt_sequences *s, const struct kt_seq_run *r)
{
    return step_of(s, r)->turn == KT_SEQ_EACH ? r->subject[r->turn] : (kt_point_id){KT_NONE};
}

static bool enter(struct kt_sequences *s, struct kt_seq_run *r, kt_time now)
{
    const struct kt_seq_step *st = step_of(s, r);
    uint32_t from, to, n = 0;
    group(s, r, &from, &to);
    bool wanted = st->when < 0 || r->param[st->when] != 0;
    for (uint32_t i = from; i < to && wanted; i++) {
        n += !skips(s, r, i);
    }
    if (n == 0) {
        run_told(s, r, "skip", r->step, shown_subject(s, r), "", "");
        next(s, r, KT_MARK_SKIP);
        return true;
    }
    *run_mark(r, r->step, st->turn == KT_SEQ_EACH ? r->turn : 0) = KT_MARK_NOW;
    run_told(s, r, "step", r->step, shown_subject(s, r), "", "");
    r->phase = KT_PHASE_GUARD;
    r->since = now;
    return true;
}

/* Does a condition hold at every subject of the step? ret: the first where it does not. */
static bool all_hold(struct kt_sequences *s, struct kt_seq_run *r, const struct kt_expr *x,
                     kt_point_id *ret)
{
    uint32_t from, to;
    group(s, r, &from, &to);
    for (uint32_t i = from; x && i < to; i++) {
        kt_point_id self = subject_at(s, r, i);
        if (!is_true(s, x, self) && !skips(s, r, i)) {
            *ret = self;
            return false;
        }
    }
    return true;
}

static void go_back(struct kt_sequences *s, struct kt_seq_run *r, const char *text, kt_seq cause,
                    kt_time now)
{
    struct kt_err err = {0};
    uint64_t id;
    kt_point_id *subject = calloc(r->subjects_n + 1, sizeof *subject);
    KT_ASSERT(subject);
    memcpy(subject, r->subject, r->subjects_n * sizeof *subject);
    struct kt_seq_ask ask = {.now = now,
                             .cause = cause,
                             .sequence = step_of(s, r)->back,
                             .chosen = subject,
                             .chosen_n = r->subjects_n,
                             .by = r->by};
    run_rest(s, r, now);
    run_over(s, r, KT_RUN_ENDED, "back", "", text, now);
    int x = kt_sequence_start(s, &ask, &id, &err);
    KT_ASSERT(x == KT_OK || x == KT_ELIMIT || x == KT_EINVAL);
    free(subject);
}

/* Open again what this step closed at each subject where nothing proved it: a command that stays
 * would start the machine later, with nobody warned. */
static void undo(struct kt_sequences *s, struct kt_seq_run *r, kt_seq cause, kt_time now)
{
    const struct kt_seq_step *st = step_of(s, r);
    uint32_t from, to;
    group(s, r, &from, &to);
    for (uint32_t i = from; i < to && r->phase == KT_PHASE_CONFIRM; i++) {
        kt_point_id self = subject_at(s, r, i);
        for (uint32_t k = 0; k < st->act_n && !is_true(s, st->confirm, self) && !skips(s, r, i);
             k++) {
            struct kt_seq_action open = st->act[k];
            open.close = false;
            if (st->act[k].close) {
                (void)act_at(s, r, &open, self, cause, now, NULL);
            }
        }
    }
}

/* One sentence: what is not so, and where. */
static void late_text(const struct kt_sequences *s, const struct kt_seq_run *r, kt_point_id at,
                      char *to, size_t cap)
{
    const struct kt_seq_step *st = step_of(s, r);
    bool where = at.v < s->site->points_n, guard = r->phase == KT_PHASE_GUARD;
    char why[80];
    (void)snprintf(why, sizeof why, "%s in %g s",
                   guard ? "its guard did not hold" : "not confirmed",
                   (double)time_of(r, st->within) / 1e9);
    (void)snprintf(to, cap, "step \"%.60s\"%s%s: %s", st->title.en, where ? " at " : "",
                   where ? s->site->points[at.v].id : "",
                   guard && *st->reason.en ? st->reason.en : why);
}

/* False when the run does not go on. */
static bool late(struct kt_sequences *s, struct kt_seq_run *r, kt_point_id at, kt_seq cause,
                 kt_time now)
{
    const struct kt_seq_step *st = step_of(s, r);
    char text[KT_CTL_TEXT];
    late_text(s, r, at, text, sizeof text);
    run_told(s, r, "late", r->step, at, "", text);
    if (st->late == KT_SEQ_NEXT) {
        next(s, r, KT_MARK_LATE);
        return true;
    }
    *run_mark(r, r->step, st->turn == KT_SEQ_EACH ? r->turn : 0) = KT_MARK_LATE;
    if (st->late == KT_SEQ_BACK) {
        go_back(s, r, text, cause, now);
        return false;
    }
    if (st->late == KT_SEQ_UNDO) {
        undo(s, r, cause, now);
    }
    run_held(s, r, "late", "", text, now);
    run_rest(s, r, now);
    return false;
}

static bool guard(struct kt_sequences *s, struct kt_seq_run *r, kt_seq cause, kt_time now)
{
    const struct kt_seq_step *st = step_of(s, r);
    kt_point_id at = {KT_NONE};
    if (all_hold(s, r, st->guard, &at)) {
        r->phase = KT_PHASE_WAIT;
        r->since = now;
        return true;
    }
    return now >= r->since + time_of(r, st->within) && late(s, r, at, cause, now);
}

static bool confirm(struct kt_sequences *s, struct kt_seq_run *r, kt_seq cause, kt_time now)
{
    const struct kt_seq_step *st = step_of(s, r);
    kt_point_id at = {KT_NONE};
    if (!all_hold(s, r, st->confirm, &at)) {
        r->stood = 0;
        return now >= r->since + time_of(r, st->within) && late(s, r, at, cause, now);
    }
    r->stood = r->stood ? r->stood : now;
    if (now < r->stood + time_of(r, st->hold)) {
        return false;
    }
    run_told(s, r, "stand", r->step, shown_subject(s, r), "", "");
    next(s, r, KT_MARK_DONE);
    return true;
}

/* One move; false: nothing more can be done now (the run may be gone). */
static bool move(struct kt_sequences *s, struct kt_seq_run *r, kt_seq cause, kt_time now)
{
    switch (r->phase) {
    case KT_PHASE_ENTER:
        return enter(s, r, now);
    case KT_PHASE_GUARD:
        return guard(s, r, cause, now);
    case KT_PHASE_WAIT:
        if (now < r->since + time_of(r, step_of(s, r)->wait)) {
            return false;
        }
        if (!act(s, r, cause, now)) {
            return false;
        }
        r->phase = KT_PHASE_CONFIRM;
        r->since = now;
        r->stood = 0;
        return true;
    case KT_PHASE_CONFIRM:
        return confirm(s, r, cause, now);
    }
    return false;
}

void run_advance(struct kt_sequences *s, struct kt_seq_run *r, kt_seq cause, kt_time now)
{
    const struct kt_sequence *q = run_sequence(s, r);
    r->cause = cause;
    if (q->start && !still_stands(s, r, now)) {
        return;
    }
    for (int i = 0; i < STEPS_AT_ONCE; i++) {
        if (r->step >= q->steps_n) {
            run_over(s, r, KT_RUN_DONE, "done", "", "", now);
            return;
        }
        if (!move(s, r, cause, now)) {
            return;
        }
    }
}

void kt_sequences_step(struct kt_sequences *s, kt_seq cause, kt_time now)
{
    for (uint32_t i = 0; i < s->runs_n;) {
        struct kt_seq_run *r = s->run[i];
        if (r->rest_at != 0 && now >= r->rest_at) {
            r->cause = cause;
            run_rest(s, r, now);
        }
        if (r->state == KT_RUN_RUNNING) {
            run_advance(s, r, cause, now);
        } else if (r->state == KT_RUN_WAITING && now >= r->since + KT_RUN_CONFIRM) {
            run_over(s, r, KT_RUN_ENDED, "expired", "", "nobody confirmed in time", now);
        }
        i += i < s->runs_n && s->run[i] == r;
    }
}
