/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_ALARM_PRIVATE_H
#define KT_ALARM_PRIVATE_H
/*
 * What the files of this folder share: the set's inside, text helpers, the rate ring.
 */
#include "alarm/alarm.h"

enum { ALARM_MINUTES = 1440 };

/* Rings of counts over the last 24 hours. `minute` is the newest (minutes since 1970). */
struct alarm_kpi {
    int64_t minute;
    uint16_t per_minute[ALARM_MINUTES];
    uint32_t by_priority[24][5]; /* hour of the ring, priority 1..4 */
};

/* An alarm as screens read it, kept from change to change: a list of 100 000 is put together from
 * these. */
struct alarm_json {
    char *p;
    uint32_t n, cap; /* n 0: not made since the alarm changed */
};

struct kt_alarm_set {
    const struct kt_site *site;
    kt_alarm_fn fn;
    void *arg;
    struct kt_alarm *slot;
    struct alarm_json *json; /* by slot */
    uint32_t n, cap, active;
    uint32_t *rule_first; /* rules_n + 1: first instance of each rule */
    uint32_t *slot_of;    /* by instance: slot + 1, 0: none */
    uint32_t *group_head; /* by place * 2 + kind: slot + 1 */
    uint32_t *group_tail;
    uint64_t order;
    kt_time next_due; /* nothing to do before; INT64_MAX: nothing at all */
    struct alarm_kpi kpi;
};

static inline const struct kt_rule *alarm_rule(const struct kt_alarm_set *set,
                                               const struct kt_alarm *a)
{
    return &set->site->rules[a->rule.v];
}

/** Instance of (rule, point); KT_NONE when the rule has no such point. */
uint32_t alarm_instance(const struct kt_alarm_set *set, kt_rule_id rule, kt_point_id point);
/** The slot of an instance, made when there is none. NULL: no such instance. */
struct kt_alarm *alarm_slot(struct kt_alarm_set *set, kt_rule_id rule, kt_point_id point);

/** What screens read of this alarm has changed. */
static inline void alarm_touch(struct kt_alarm_set *set, const struct kt_alarm *a)
{
    set->json[a - set->slot].n = 0;
}

void alarm_group_add(struct kt_alarm_set *set, struct kt_alarm *a);
void alarm_group_remove(struct kt_alarm_set *set, struct kt_alarm *a);

void alarm_kpi_count(struct kt_alarm_set *set, struct kt_alarm *a, kt_time now);
void alarm_kpi_save(const struct alarm_kpi *k, struct kt_buf *out);
void alarm_kpi_load(struct alarm_kpi *k, struct kt_rd *in);
#endif
