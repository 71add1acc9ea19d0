/* SPDX-License-Identifier: Apache-2.0 */
/* life: the arrows of the state diagram in alarm/README.md. */
#include "alarm/private.h"

static void tell(struct kt_alarm_set *set, const struct kt_alarm *a, enum kt_alarm_change change)
{
    alarm_touch(set, a);
    if (set->fn) {
        set->fn(set->arg, a, change);
    }
}

static void due(struct kt_alarm_set *set, kt_time at)
{
    if (at != 0 && at < set->next_due) {
        set->next_due = at;
    }
}

static void schedule_escalation(struct kt_alarm_set *set, struct kt_alarm *a, kt_time now)
{
    int64_t within = alarm_rule(set, a)->within_ns;
    a->next_escalate = within > 0 && a->masks == 0 ? now + within : 0;
    due(set, a->next_escalate);
}

static void begin_occurrence(struct kt_alarm *a, kt_alarm_id id, kt_time now,
                             const struct kt_alarm_cause *cause)
{
    if (a->masks == 0 || a->id.v == 0) {
        a->id = id;
        a->by[0] = a->note[0] = '\0';
    }
    a->before_raised = a->raised;
    a->before_cleared = a->cleared;
    a->first_out.v = 0;
    a->raises = 0;
    a->peak = cause->value;
    a->acked = 0;
    a->raised = now;
}

static bool worse(const struct kt_alarm_cause *c, double value, double peak)
{
    return c->low ? value < peak : value > peak;
}

static void set_mask(struct kt_alarm *a, uint8_t bit, const char *by, const char *why)
{
    a->masks |= bit;
    a->next_escalate = 0;
    kt_text_set(a->mask_by, sizeof a->mask_by, by);
    kt_text_set(a->reason, sizeof a->reason, why);
    if (a->state == KT_AL_RTN) {
        a->state = KT_AL_NORMAL;
    }
}

void kt_alarm_raise(struct kt_alarm_set *set, kt_rule_id rule, kt_point_id point, kt_alarm_id id,
                    kt_time now, const struct kt_alarm_cause *cause, const char *suppressed)
{
    struct kt_alarm *a = alarm_slot(set, rule, point);
    if (!a || kt_alarm_is_active(a)) {
        return;
    }
    if (suppressed && !alarm_rule(set, a)->statutory) {
        if (!kt_alarm_is_shown(a)) {
            a->id = id;
        }
        set_mask(a, KT_AL_SUPPRESSED, "design", suppressed);
    }
    if (a->state == KT_AL_NORMAL) {
        begin_occurrence(a, id, now, cause);
    } else if (worse(cause, cause->value, a->peak)) {
        a->peak = cause->value;
    }
    a->cause = *cause;
    a->cleared = 0;
    a->raises++;
    a->state = KT_AL_UNACK;
    a->order = ++set->order;
    set->active++;
    alarm_group_add(set, a);
    if (a->masks == 0) {
        alarm_kpi_count(set, a, now);
    }
    schedule_escalation(set, a, now);
    tell(set, a, KT_ALARM_RAISE);
}

void kt_alarm_clear(struct kt_alarm_set *set, kt_rule_id rule, kt_point_id point, kt_time now)
{
    struct kt_alarm *a = (struct kt_alarm *)kt_alarm_of(set, rule, point);
    if (!a || !kt_alarm_is_active(a)) {
        return;
    }
    a->state = a->state == KT_AL_UNACK && a->masks == 0 ? KT_AL_RTN : KT_AL_NORMAL;
    a->cleared = now;
    set->active--;
    alarm_group_remove(set, a);
    a->next_escalate = 0;
    tell(set, a, KT_ALARM_CLEAR);
}

void kt_alarm_again(struct kt_alarm_set *set, kt_rule_id rule, kt_point_id point, kt_time now)
{
    struct kt_alarm *a = (struct kt_alarm *)kt_alarm_of(set, rule, point);
    if (!a || !kt_alarm_is_active(a)) {
        return;
    }
    a->state = KT_AL_UNACK;
    a->raises++;
    a->acked = 0;
    a->by[0] = a->note[0] = '\0';
    if (a->masks == 0) {
        alarm_kpi_count(set, a, now);
    }
    schedule_escalation(set, a, now);
    tell(set, a, KT_ALARM_AGAIN);
}

bool kt_alarm_value(struct kt_alarm_set *set, kt_rule_id rule, kt_point_id point, double value,
                    kt_quality quality)
{
    struct kt_alarm *a = (struct kt_alarm *)kt_alarm_of(set, rule, point);
    if (!a || !kt_alarm_is_active(a)) {
        return false;
    }
    if (a->cause.quality != quality) {
        a->cause.quality = quality;
        alarm_touch(set, a);
    }
    if (!worse(&a->cause, value, a->peak)) {
        return false;
    }
    a->peak = value;
    alarm_touch(set, a);
    return true;
}

static struct kt_alarm *by_id(struct kt_alarm_set *set, kt_alarm_id id, struct kt_err *err)
{
    struct kt_alarm *a = (struct kt_alarm *)kt_alarm_find(set, id);
    if (!a) {
        (void)kt_err_set(err, KT_ENOTFOUND, "no alarm %llu; fetch the list again",
                         (unsigned long long)id.v);
    }
    return a;
}

int kt_alarm_ack(struct kt_alarm_set *set, kt_alarm_id id, kt_time now, const char *by,
                 const char *note, struct kt_err *err)
{
    struct kt_alarm *a = by_id(set, id, err);
    if (!a) {
        return KT_ENOTFOUND;
    }
    if (a->state != KT_AL_UNACK && a->state != KT_AL_RTN) {
        return kt_err_set(err, KT_ECONFLICT, "alarm %llu: nothing to acknowledge, it is %s",
                          (unsigned long long)id.v, kt_alarm_state_id(a));
    }
    a->state = a->state == KT_AL_UNACK ? KT_AL_ACK : KT_AL_NORMAL;
    a->acked = now;
    a->next_escalate = 0;
    kt_text_set(a->by, sizeof a->by, by);
    kt_text_set(a->note, sizeof a->note, note);
    tell(set, a, KT_ALARM_ACKED);
    return KT_OK;
}

static int maskable(const struct kt_alarm_set *set, kt_rule_id rule, const char *verb,
                    const char *reason, struct kt_err *err)
{
    const struct kt_rule *r = &set->site->rules[rule.v];
    if (r->statutory) {
        return kt_err_set(err, KT_EDENIED, "rule %s is statutory: it cannot be %s", r->id, verb);
    }
    if (!reason || !reason[0]) {
        return kt_err_set(err, KT_EINVAL, "a reason is needed: write why it is %s", verb);
    }
    return KT_OK;
}

static void mask(struct kt_alarm_set *set, struct kt_alarm *a, uint8_t bit, const char *by,
                 const char *why, enum kt_alarm_change change)
{
    set_mask(a, bit, by, why);
    tell(set, a, change);
}

/* Lifting the last mask of an active alarm calls for attention again. */
static void unmask(struct kt_alarm_set *set, struct kt_alarm *a, uint8_t bit, kt_time now,
                   const char *by, enum kt_alarm_change change)
{
    a->masks &= (uint8_t)~bit;
    if (bit == KT_AL_SHELVED) {
        a->until = 0;
    }
    if (a->masks == 0) {
        a->reason[0] = '\0';
        if (kt_alarm_is_active(a)) {
            a->state = KT_AL_UNACK;
            alarm_kpi_count(set, a, now);
        }
    }
    kt_text_set(a->mask_by, sizeof a->mask_by, by);
    if (a->state == KT_AL_UNACK) {
        schedule_escalation(set, a, now);
    }
    tell(set, a, change);
}

int kt_alarm_shelve(struct kt_alarm_set *set, kt_alarm_id id, kt_time now, int64_t for_ns,
                    const char *by, const char *reason, struct kt_err *err)
{
    struct kt_alarm *a = by_id(set, id, err);
    if (!a) {
        return KT_ENOTFOUND;
    }
    int r = maskable(set, a->rule, "shelved", reason, err);
    if (r < 0) {
        return r;
    }
    if (for_ns < KT_MIN || for_ns > KT_SHELVE_MAX) {
        return kt_err_set(err, KT_EINVAL, "minutes: from 1 to %d", (int)(KT_SHELVE_MAX / KT_MIN));
    }
    a->until = now + for_ns;
    due(set, a->until);
    mask(set, a, KT_AL_SHELVED, by, reason, KT_ALARM_SHELVE);
    return KT_OK;
}

int kt_alarm_unshelve(struct kt_alarm_set *set, kt_alarm_id id, kt_time now, const char *by,
                      struct kt_err *err)
{
    struct kt_alarm *a = by_id(set, id, err);
    if (!a) {
        return KT_ENOTFOUND;
    }
    if (!(a->masks & KT_AL_SHELVED)) {
        return kt_err_set(err, KT_ECONFLICT, "alarm %llu is not shelved", (unsigned long long)id.v);
    }
    unmask(set, a, KT_AL_SHELVED, now, by, KT_ALARM_UNSHELVE);
    return KT_OK;
}

static int no_instance(const struct kt_alarm_set *set, kt_rule_id rule, kt_point_id point,
                       struct kt_err *err)
{
    const struct kt_site *s = set->site;
    return kt_err_set(err, KT_ENOTFOUND, "rule %s watches no point %s",
                      rule.v < s->rules_n ? s->rules[rule.v].id : "?",
                      point.v < s->points_n ? s->points[point.v].id : "?");
}

int kt_alarm_out(struct kt_alarm_set *set, kt_rule_id rule, kt_point_id point, kt_alarm_id id,
                 kt_time now, const char *by, const char *reason, struct kt_err *err)
{
    if (alarm_instance(set, rule, point) == KT_NONE) {
        return no_instance(set, rule, point, err);
    }
    int r = maskable(set, rule, "taken out of service", reason, err);
    if (r < 0) {
        return r;
    }
    struct kt_alarm *a = alarm_slot(set, rule, point);
    if (a->masks & KT_AL_OOS) {
        return kt_err_set(err, KT_ECONFLICT, "rule %s at this point is out of service already",
                          set->site->rules[rule.v].id);
    }
    if (!kt_alarm_is_shown(a)) {
        a->id = id;
    }
    (void)now;
    mask(set, a, KT_AL_OOS, by, reason, KT_ALARM_OUT);
    return KT_OK;
}

int kt_alarm_return(struct kt_alarm_set *set, kt_rule_id rule, kt_point_id point, kt_time now,
                    const char *by, struct kt_err *err)
{
    struct kt_alarm *a = (struct kt_alarm *)kt_alarm_of(set, rule, point);
    if (!a) {
        return no_instance(set, rule, point, err);
    }
    if (!(a->masks & KT_AL_OOS)) {
        return kt_err_set(err, KT_ECONFLICT, "rule %s at this point is in service",
                          set->site->rules[rule.v].id);
    }
    unmask(set, a, KT_AL_OOS, now, by, KT_ALARM_RETURN);
    return KT_OK;
}

void kt_alarm_suppress(struct kt_alarm_set *set, kt_rule_id rule, kt_point_id point, bool on,
                       const char *why, kt_time now)
{
    struct kt_alarm *a = (struct kt_alarm *)kt_alarm_of(set, rule, point);
    if (!a || alarm_rule(set, a)->statutory || on == ((a->masks & KT_AL_SUPPRESSED) != 0)) {
        return;
    }
    if (on) {
        mask(set, a, KT_AL_SUPPRESSED, "design", why, KT_ALARM_SUPPRESS);
    } else {
        unmask(set, a, KT_AL_SUPPRESSED, now, "design", KT_ALARM_UNSUPPRESS);
    }
}

static void tick_one(struct kt_alarm_set *set, struct kt_alarm *a, kt_time now)
{
    if ((a->masks & KT_AL_SHELVED) && a->until <= now) {
        unmask(set, a, KT_AL_SHELVED, now, "time", KT_ALARM_UNSHELVE);
    }
    if (a->next_escalate != 0 && a->next_escalate <= now) {
        a->next_escalate = now + alarm_rule(set, a)->within_ns;
        tell(set, a, KT_ALARM_ESCALATE);
    }
    if (a->masks & KT_AL_SHELVED) {
        due(set, a->until);
    }
    due(set, a->next_escalate);
}

void kt_alarm_tick(struct kt_alarm_set *set, kt_time now)
{
    if (now < set->next_due) {
        return;
    }
    set->next_due = INT64_MAX;
    for (uint32_t i = 0; i < set->n; i++) {
        tick_one(set, &set->slot[i], now);
    }
}
