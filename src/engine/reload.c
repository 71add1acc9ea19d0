/* SPDX-License-Identifier: Apache-2.0 */
/* reload: another site under the running engine. State goes over by text ids; what the new site no
 * longer has ends, and each end is told. */
#include "engine/core.h"

static kt_rule_id rule_in(const struct eng *to, const struct eng *from, kt_rule_id rule)
{
    return kt_site_rule(to->site, kt_str_c(from->site->rules[rule.v].id));
}

static kt_point_id point_in(const struct eng *to, const struct eng *from, kt_point_id point)
{
    return kt_site_point(to->site, kt_str_c(from->site->points[point.v].id));
}

static bool has_instance(const struct eng *to, const struct eng *from, kt_rule_id rule,
                         kt_point_id point)
{
    kt_rule_id r = rule_in(to, from, rule);
    kt_point_id p = point_in(to, from, point);
    if (r.v == KT_NONE || p.v == KT_NONE) {
        return false;
    }
    for (uint32_t k = to->of.at[p.v]; k < to->of.at[p.v + 1]; k++) {
        if (to->inst[to->of.list[k]].rule == r.v) {
            return true;
        }
    }
    return false;
}

static void end_alarms(struct eng *to, const struct eng *from)
{
    for (uint32_t i = 0; i < kt_alarm_slots(from->alarms); i++) {
        struct kt_alarm a = *kt_alarm_at(from->alarms, i);
        if (!kt_alarm_is_shown(&a) || has_instance(to, from, a.rule, a.point)) {
            continue;
        }
        a.state = KT_AL_NORMAL;
        a.masks = 0;
        a.cleared = to->now;
        kt_text_set(a.note, sizeof a.note, "the reloaded site has no such rule at this point");
        struct kt_jw *w = eng_say(to, "alarm");
        kt_alarm_json(from->alarms, &a, "clear", w);
        eng_said(to);
    }
}

static void end_cards(struct eng *to, const struct eng *from)
{
    for (uint32_t i = 0; i < kt_card_count(from->cards); i++) {
        struct kt_card c = *kt_card_at(from->cards, i);
        if (c.closed != 0 ||
            (rule_in(to, from, c.rule).v != KT_NONE && point_in(to, from, c.point).v != KT_NONE)) {
            continue;
        }
        struct kt_card_entry entry = {.time = to->now, .change = KT_CARD_CLOSE};
        kt_text_set(entry.text, sizeof entry.text, "the reloaded site has no such rule or point");
        c.closed = to->now;
        struct kt_jw *w = eng_say(to, "card");
        kt_card_outcome_json(from->cards, &c, &entry, w);
        eng_said(to);
    }
}

static void end_latches(struct eng *to, const struct eng *from)
{
    for (uint32_t i = 0; i < kt_control_count(from->control); i++) {
        const struct kt_output *o = kt_control_at(from->control, i);
        for (uint32_t k = 0; k < o->latch_n; k++) {
            if (has_instance(to, from, o->latch[k].rule, o->latch[k].self)) {
                continue;
            }
            struct kt_jw *w = eng_say(to, "latch");
            kt_jw_kstr(w, "output", from->site->points[o->point.v].id);
            kt_jw_kstr(w, "rule", from->site->rules[o->latch[k].rule.v].id);
            kt_jw_kstr(w, "point", from->site->points[o->latch[k].self.v].id);
            kt_jw_kstr(w, "change", "unlatch");
            kt_jw_kstr(w, "text", "the reloaded site has no such rule at this point");
            eng_said(to);
        }
    }
}

/* Changed limits that the new site does not allow any more. */
static void end_limits(struct eng *to, const struct eng *from)
{
    for (uint32_t i = 0; i < from->lim_n; i++) {
        const struct lim *l = &from->lim[i];
        const struct kt_limits *given = from->site->points[l->point].limits;
        kt_point_id p = point_in(to, from, (kt_point_id){l->point});
        for (int k = 0; k < KT_LIMIT_NAMES; k++) {
            double now = 0;
            bool changed = (l->has >> k & 1) && l->value[k] != given->value[k];
            if (!changed || (p.v != KT_NONE && eng_limit(to, p.v, k, &now) && now == l->value[k])) {
                continue;
            }
            struct kt_jw *w = eng_say(to, "limit");
            kt_jw_kstr(w, "change", "drop");
            kt_jw_kstr(w, "point", from->site->points[l->point].id);
            kt_jw_kstr(w, "name", kt_limit_name_id((enum kt_limit_name)k));
            kt_jw_knum(w, "before", l->value[k]);
            kt_jw_knum(w, "value", now);
            eng_said(to);
        }
    }
}

static void look_again(struct eng *e)
{
    for (uint32_t p = 0; p < e->points_n; p++) {
        const struct kt_live_value *v = kt_live_peek(e->live, (kt_point_id){p});
        for (uint32_t k = e->fed_outputs.at[p]; k < e->fed_outputs.at[p + 1]; k++) {
            kt_control_feed(e->control, (kt_point_id){e->fed_outputs.list[k]},
                            kt_q_known(v->quality), v->value != 0, e->now);
        }
        if (!e->site->points[p].ended) {
            eng_dirty(e, p);
        }
    }
    eng_drain(e);
}

int kt_engine_reload(struct kt_engine *engine, struct kt_site *site, struct kt_live *live,
                     struct kt_err *err)
{
    struct eng *from = engine->s;
    if (kt_live_count(live) < site->points_n) {
        return kt_err_set(err, KT_EINVAL, "the live table has %u places for %u points",
                          kt_live_count(live), site->points_n);
    }
    struct kt_buf saved;
    kt_buf_init(&saved, 0);
    eng_save(from, &saved);
    struct eng *to = eng_new(site, live, &from->out);
    int r = eng_load(to, (struct kt_str){saved.p, saved.n}, err);
    kt_buf_done(&saved);
    if (r < 0) {
        eng_free(to);
        return r;
    }
    to->cause = from->cause;
    to->version = from->version + 1;
    to->stats = from->stats;
    end_alarms(to, from);
    end_cards(to, from);
    end_latches(to, from);
    eng_limits_tighten(to, from);
    end_limits(to, from);
    engine->s = to;
    eng_free(from);
    if (to->now != 0) {
        look_again(to);
    }
    return KT_OK;
}
