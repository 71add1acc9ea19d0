/* SPDX-License-Identifier: Apache-2.0 */
/* outcome: writing outcomes, and what alarms, cards and control tell the engine. */
#include "engine/core.h"

#include <stdio.h>

struct kt_jw *eng_say(struct eng *e, const char *type)
{
    kt_buf_clear(&e->json);
    e->jw = kt_jw_init(&e->json);
    kt_jw_obj(&e->jw);
    kt_jw_kstr(&e->jw, "type", type);
    if (e->cause != 0) {
        kt_jw_kint(&e->jw, "cause", (int64_t)e->cause);
    }
    if (e->drill[0]) {
        kt_jw_kbool(&e->jw, "drill", true);
    }
    return &e->jw;
}

void eng_said(struct eng *e)
{
    kt_jw_obj_end(&e->jw);
    e->stats.outcomes++;
    e->version++;
    if (e->out.outcome) {
        e->out.outcome(e->out.arg, (struct kt_str){e->json.p, e->json.n});
    }
}

void eng_jpoint(const struct eng *e, struct kt_jw *w, const char *key, uint32_t point)
{
    if (point < e->points_n) {
        kt_jw_kstr(w, key, e->site->points[point].id);
    }
}

static void on_alarm(void *arg, const struct kt_alarm *a, enum kt_alarm_change change)
{
    struct eng *e = arg;
    struct kt_jw *w = eng_say(e, "alarm");
    kt_alarm_json(e->alarms, a, kt_alarm_change_id(change), w);
    eng_said(e);
    struct pt *pt = &e->pt[a->point.v];
    if (change == KT_ALARM_RAISE) {
        pt->alarms++;
    } else if (change == KT_ALARM_CLEAR) {
        pt->alarms--;
    }
    eng_live_flags(e, a->point.v);
}

static void on_card(void *arg, const struct kt_card *c, const struct kt_card_entry *entry)
{
    struct eng *e = arg;
    struct kt_jw *w = eng_say(e, "card");
    kt_card_outcome_json(e->cards, c, entry, w);
    eng_said(e);
}

static void on_write(void *arg, const struct kt_write *cw)
{
    struct eng *e = arg;
    struct kt_effect effect = {.command = cw->command,
                               .cause = cw->cause ? cw->cause : e->cause,
                               .output = cw->output,
                               .value = cw->value,
                               .protective = cw->protective,
                               .read_first = cw->read_first,
                               .expires = cw->expires};
    if (e->out.effect) {
        e->out.effect(e->out.arg, &effect);
    }
    bool set = e->site->points[cw->output.v].set;
    if (!cw->read_first && !set) {
        bool opened = cw->value == e->site->points[cw->output.v].role->opening;
        eng_set_flag(e, cw->output.v, KT_FLAG_OPENED, opened);
    }
    struct kt_jw *w = eng_say(e, "effect");
    kt_jw_kint(w, "command", (int64_t)cw->command.v);
    eng_jpoint(e, w, "output", cw->output.v);
    if (cw->read_first) {
        kt_jw_kbool(w, "read", true);
    } else {
        kt_jw_knum(w, "value", cw->value);
    }
    kt_jw_kbool(w, "protective", cw->protective);
    kt_jw_ktime(w, "expires", cw->expires);
    eng_said(e);
}

static void on_command(void *arg, const struct kt_command *cmd)
{
    struct eng *e = arg;
    struct kt_jw *w = eng_say(e, "command");
    kt_command_json(e->control, cmd, w);
    eng_said(e);
    if (cmd->state == KT_CMD_PROVED && cmd->protective) {
        eng_cut_proved(e, cmd->output);
    }
}

static void on_latch(void *arg, kt_point_id output, struct kt_rule_instance by, bool on)
{
    struct eng *e = arg;
    struct kt_jw *w = eng_say(e, "latch");
    eng_jpoint(e, w, "output", output.v);
    kt_jw_kstr(w, "rule", e->site->rules[by.rule.v].id);
    eng_jpoint(e, w, "point", by.self.v);
    kt_jw_kstr(w, "change", on ? "latch" : "unlatch");
    eng_said(e);
    struct pt *pt = &e->pt[output.v];
    pt->latches = (uint16_t)kt_control_of(e->control, output)->latch_n;
    eng_set_flag(e, output.v, KT_FLAG_LATCHED, pt->latches > 0);
    eng_live_flags(e, output.v);
    if (on) {
        eng_cut_latched(e, by.self.v);
    }
}

static void on_anomaly(void *arg, kt_point_id output, bool on)
{
    struct eng *e = arg;
    if (e->site->points[output.v].set) {
        eng_set_flag(e, output.v, KT_FLAG_SET_DIFFERS, on);
        return;
    }
    eng_set_flag(e, output.v, KT_FLAG_FEED_ANOMALY, on);
    uint32_t feed = e->site->points[output.v].feed.v;
    if (feed == KT_NONE) {
        return;
    }
    bool any = on;
    for (uint32_t i = e->fed_outputs.at[feed]; i < e->fed_outputs.at[feed + 1]; i++) {
        any |= eng_flag(e, e->fed_outputs.list[i], KT_FLAG_FEED_ANOMALY);
    }
    eng_set_flag(e, feed, KT_FLAG_FEED_ANOMALY, any);
}

static enum kt_tri eval_condition(void *arg, const struct kt_expr *x, kt_point_id self)
{
    const struct eng *e = arg;
    return kt_expr_eval(x, &e->xl, self, e->now, NULL);
}

static void on_sequence(void *arg, const struct kt_seq_run *run, const struct kt_seq_news *news)
{
    struct eng *e = arg;
    struct kt_jw *w = eng_say(e, "sequence");
    kt_sequence_news_json(e->sequences, run, news, w);
    eng_said(e);
}

void eng_owners(struct eng *e)
{
    const struct kt_control_owner owner = {.arg = e,
                                           .next_id = eng_next_id,
                                           .write = on_write,
                                           .command = on_command,
                                           .latch = on_latch,
                                           .anomaly = on_anomaly,
                                           .guards = eng_guards};
    e->alarms = kt_alarm_new(e->site, on_alarm, e);
    e->cards = kt_card_new(e->site, on_card, e);
    e->control = kt_control_new(e->site, &owner);
    const struct kt_sequences_owner runs = {
        .arg = e, .next_id = eng_next_id, .eval = eval_condition, .told = on_sequence};
    e->sequences = kt_sequences_new(e->site, e->control, &runs);
}
