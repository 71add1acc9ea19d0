/* SPDX-License-Identifier: Apache-2.0 */
/* set: slots of alarms, their index by rule instance, first-out groups, reading. */
#include "alarm/private.h"

#include <stdlib.h>

static void *zeroed(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size);
    KT_ASSERT(p);
    return p;
}

struct kt_alarm_set *kt_alarm_new(const struct kt_site *site, kt_alarm_fn fn, void *arg)
{
    struct kt_alarm_set *set = zeroed(1, sizeof *set);
    set->site = site;
    set->fn = fn;
    set->arg = arg;
    set->next_due = INT64_MAX;
    set->rule_first = zeroed((size_t)site->rules_n + 1, sizeof *set->rule_first);
    uint32_t n = 0;
    for (uint32_t r = 0; r < site->rules_n; r++) {
        set->rule_first[r] = n;
        n += site->rules[r].points_n;
    }
    set->rule_first[site->rules_n] = n;
    set->slot_of = zeroed(n, sizeof *set->slot_of);
    set->group_head = zeroed((size_t)site->places_n * 2, sizeof *set->group_head);
    set->group_tail = zeroed((size_t)site->places_n * 2, sizeof *set->group_tail);
    return set;
}

void kt_alarm_free(struct kt_alarm_set *set)
{
    if (!set) {
        return;
    }
    for (uint32_t i = 0; i < set->n; i++) {
        free(set->json[i].p);
    }
    free(set->json);
    free(set->slot);
    free(set->rule_first);
    free(set->slot_of);
    free(set->group_head);
    free(set->group_tail);
    free(set);
}

uint32_t alarm_instance(const struct kt_alarm_set *set, kt_rule_id rule, kt_point_id point)
{
    if (rule.v >= set->site->rules_n) {
        return KT_NONE;
    }
    const struct kt_rule *r = &set->site->rules[rule.v];
    uint32_t lo = 0, hi = r->points_n;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (r->points[mid].v < point.v) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo < r->points_n && r->points[lo].v == point.v ? set->rule_first[rule.v] + lo : KT_NONE;
}

static struct kt_alarm *slot_new(struct kt_alarm_set *set)
{
    if (set->n == set->cap) {
        set->cap = set->cap ? set->cap * 2 : 64;
        set->slot = realloc(set->slot, set->cap * sizeof *set->slot);
        set->json = realloc(set->json, set->cap * sizeof *set->json);
        KT_ASSERT(set->slot && set->json);
    }
    memset(&set->json[set->n], 0, sizeof *set->json);
    struct kt_alarm *a = &set->slot[set->n++];
    memset(a, 0, sizeof *a);
    return a;
}

struct kt_alarm *alarm_slot(struct kt_alarm_set *set, kt_rule_id rule, kt_point_id point)
{
    uint32_t i = alarm_instance(set, rule, point);
    if (i == KT_NONE) {
        return NULL;
    }
    if (set->slot_of[i] == 0) {
        struct kt_alarm *a = slot_new(set);
        a->rule = rule;
        a->point = point;
        set->slot_of[i] = set->n;
    }
    return &set->slot[set->slot_of[i] - 1];
}

/* The group of an alarm, or KT_NONE: by place, or by the working that the place lies in. */
static uint32_t group_of(const struct kt_alarm_set *set, const struct kt_alarm *a)
{
    const char *same = alarm_rule(set, a)->same_cause;
    kt_place_id place = set->site->points[a->point.v].place;
    if (!same || place.v >= set->site->places_n) {
        return KT_NONE;
    }
    if (strcmp(same, "place") == 0) {
        return place.v * 2;
    }
    kt_place_id working = set->site->places[place.v].working;
    if (strcmp(same, "panel") == 0 && working.v < set->site->places_n) {
        return working.v * 2 + 1;
    }
    return KT_NONE;
}

void alarm_group_add(struct kt_alarm_set *set, struct kt_alarm *a)
{
    uint32_t g = group_of(set, a), me = (uint32_t)(a - set->slot) + 1;
    a->group_prev = a->group_next = 0;
    if (g == KT_NONE) {
        return;
    }
    a->group_prev = set->group_tail[g];
    if (a->group_prev) {
        set->slot[a->group_prev - 1].group_next = me;
    } else {
        set->group_head[g] = me;
    }
    set->group_tail[g] = me;
    if (a->group_prev && a->first_out.v == 0) {
        a->first_out = set->slot[set->group_head[g] - 1].id;
    }
}

void alarm_group_remove(struct kt_alarm_set *set, struct kt_alarm *a)
{
    uint32_t g = group_of(set, a);
    if (g == KT_NONE) {
        return;
    }
    if (a->group_prev) {
        set->slot[a->group_prev - 1].group_next = a->group_next;
    } else {
        set->group_head[g] = a->group_next;
    }
    if (a->group_next) {
        set->slot[a->group_next - 1].group_prev = a->group_prev;
    } else {
        set->group_tail[g] = a->group_prev;
    }
    a->group_prev = a->group_next = 0;
}

const struct kt_alarm *kt_alarm_find(const struct kt_alarm_set *set, kt_alarm_id id)
{
    for (uint32_t i = 0; i < set->n && id.v != 0; i++) {
        if (set->slot[i].id.v == id.v) {
            return &set->slot[i];
        }
    }
    return NULL;
}

const struct kt_alarm *kt_alarm_of(const struct kt_alarm_set *set, kt_rule_id rule,
                                   kt_point_id point)
{
    uint32_t i = alarm_instance(set, rule, point);
    return i != KT_NONE && set->slot_of[i] ? &set->slot[set->slot_of[i] - 1] : NULL;
}

uint32_t kt_alarm_slots(const struct kt_alarm_set *set)
{
    return set->n;
}

const struct kt_alarm *kt_alarm_at(const struct kt_alarm_set *set, uint32_t slot)
{
    KT_ASSERT(slot < set->n);
    return &set->slot[slot];
}

uint32_t kt_alarm_active(const struct kt_alarm_set *set)
{
    return set->active;
}
