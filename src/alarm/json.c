/* SPDX-License-Identifier: Apache-2.0 */
/* json: an alarm as outcomes and screens show it, and its place in a checkpoint. */
#include "alarm/private.h"

#include <stdlib.h>

#include "site/air_basis.h"

const char *kt_alarm_state_id(const struct kt_alarm *a)
{
    static const char *const ids[] = {"normal", "unack", "ack", "rtn"};
    return a->masks & KT_AL_OOS          ? "oos"
           : a->masks & KT_AL_SUPPRESSED ? "suppressed"
           : a->masks & KT_AL_SHELVED    ? "shelved"
                                         : ids[a->state];
}

const char *kt_alarm_change_id(enum kt_alarm_change change)
{
    static const char *const ids[] = {"raise",    "clear",    "ack",        "shelve",
                                      "unshelve", "suppress", "unsuppress", "oos",
                                      "return",   "escalate", "again"};
    return ids[change];
}

static void write_identity(const struct kt_alarm_set *set, const struct kt_alarm *a,
                           struct kt_jw *w)
{
    const struct kt_site *site = set->site;
    const struct kt_rule *r = alarm_rule(set, a);
    const struct kt_point *p = &site->points[a->point.v];
    kt_jw_kint(w, "id", (int64_t)a->id.v);
    kt_jw_kstr(w, "rule", r->id);
    kt_jw_kstr(w, "point", p->id);
    kt_jw_kstr(w, "place", p->place.v < site->places_n ? site->places[p->place.v].id : "");
    kt_jw_kint(w, "priority", r->priority);
    kt_jw_kbool(w, "statutory", r->statutory);
    kt_jw_kstr(w, "category", r->category ? r->category : "");
    kt_jw_kstr(w, "unit", p->unit ? p->unit : "");
}

static void write_masks(const struct kt_alarm *a, struct kt_jw *w)
{
    if (a->masks == 0) {
        return;
    }
    kt_jw_kbool(w, "active", kt_alarm_is_active(a));
    kt_jw_kstr(w, "mask_by", a->mask_by);
    kt_jw_kstr(w, "reason", a->reason);
    kt_jw_ktime(w, "until", a->until);
}

void kt_alarm_json(const struct kt_alarm_set *set, const struct kt_alarm *a, const char *change,
                   struct kt_jw *w)
{
    write_identity(set, a, w);
    kt_jw_kstr(w, "state", kt_alarm_state_id(a));
    if (change) {
        kt_jw_kstr(w, "change", change);
    }
    kt_jw_knum(w, "value", a->cause.value);
    if (a->cause.has_limit) {
        kt_jw_knum(w, "limit", a->cause.limit);
    }
    kt_jw_knum(w, "peak", a->peak);
    kt_jw_kstr(w, "quality", kt_quality_id(a->cause.quality));
    if (a->cause.air > 0) {
        kt_jw_kstr(w, "air", kt_air_basis_id(a->cause.air - 1));
    }
    kt_jw_kint(w, "raises", a->raises);
    kt_jw_ktime(w, "raised", a->raised);
    kt_jw_ktime(w, "cleared", a->cleared);
    kt_jw_ktime(w, "acked", a->acked);
    kt_jw_ktime(w, "previous_raised", a->before_raised);
    kt_jw_ktime(w, "previous_cleared", a->before_cleared);
    kt_jw_ktext(w, "by", a->by);
    kt_jw_ktext(w, "note", a->note);
    if (a->first_out.v != 0) {
        kt_jw_kint(w, "first_out", (int64_t)a->first_out.v);
    }
    write_masks(a, w);
}

static void keep_json(struct alarm_json *j, struct kt_str text)
{
    if (j->cap < text.n) {
        free(j->p);
        j->cap = (uint32_t)text.n + 64;
        j->p = malloc(j->cap);
        KT_ASSERT(j->p);
    }
    memcpy(j->p, text.p, text.n);
    j->n = (uint32_t)text.n;
}

void kt_alarm_list_json(struct kt_alarm_set *set, struct kt_buf *out)
{
    struct kt_buf one;
    kt_buf_init(&one, 1 << 16);
    struct kt_jw list = kt_jw_init(out);
    kt_jw_arr(&list);
    for (uint32_t i = 0; i < set->n; i++) {
        struct alarm_json *j = &set->json[i];
        if (j->n == 0 && !kt_alarm_is_shown(&set->slot[i])) {
            continue;
        }
        if (j->n == 0) {
            kt_buf_clear(&one);
            struct kt_jw w = kt_jw_init(&one);
            kt_jw_obj(&w);
            kt_alarm_json(set, &set->slot[i], NULL, &w);
            kt_jw_obj_end(&w);
            keep_json(j, (struct kt_str){one.p, one.n});
        }
        kt_jw_raw(&list, (struct kt_str){j->p, j->n});
    }
    kt_jw_arr_end(&list);
    kt_buf_done(&one);
}

static void save_one(const struct kt_alarm_set *set, const struct kt_alarm *a, struct kt_buf *out)
{
    kt_put_text(out, alarm_rule(set, a)->id);
    kt_put_text(out, set->site->points[a->point.v].id);
    kt_put_u64(out, a->id.v);
    kt_put_u64(out, a->first_out.v);
    kt_put_u64(out, a->order);
    kt_put_u8(out, a->state);
    kt_put_u8(out, a->masks);
    kt_put_f64(out, a->cause.value);
    kt_put_f64(out, a->cause.limit);
    kt_put_f64(out, a->peak);
    kt_put_u8(out, (uint8_t)(a->cause.has_limit | a->cause.low << 1 | a->cause.air << 2));
    kt_put_u8(out, a->cause.quality);
    const kt_time times[] = {a->raised,        a->cleared,       a->acked,          a->until,
                             a->next_escalate, a->before_raised, a->before_cleared, a->recent[0],
                             a->recent[1],     a->recent[2]};
    for (size_t i = 0; i < KT_ARRAY_LEN(times); i++) {
        kt_put_i64(out, times[i]);
    }
    kt_put_u32(out, a->raises);
    kt_put_u32(out, a->day_count);
    kt_put_u32(out, (uint32_t)a->day);
    kt_put_text(out, a->by);
    kt_put_text(out, a->note);
    kt_put_text(out, a->mask_by);
    kt_put_text(out, a->reason);
}

void kt_alarm_save(const struct kt_alarm_set *set, struct kt_buf *out)
{
    alarm_kpi_save(&set->kpi, out);
    kt_put_u64(out, set->order);
    kt_put_varint(out, set->n);
    for (uint32_t i = 0; i < set->n; i++) {
        save_one(set, &set->slot[i], out);
    }
}

static void load_fields(struct kt_alarm *a, struct kt_rd *in)
{
    a->id.v = kt_get_u64(in);
    a->first_out.v = kt_get_u64(in);
    a->order = kt_get_u64(in);
    a->state = kt_get_u8(in);
    a->masks = kt_get_u8(in);
    a->cause.value = kt_get_f64(in);
    a->cause.limit = kt_get_f64(in);
    a->peak = kt_get_f64(in);
    uint8_t bits = kt_get_u8(in);
    a->cause.has_limit = bits & 1;
    a->cause.low = bits >> 1 & 1;
    a->cause.air = bits >> 2;
    in->bad |= a->cause.air > KT_AIR_BASES;
    a->cause.quality = kt_get_u8(in);
    kt_time *times[] = {&a->raised,        &a->cleared,       &a->acked,          &a->until,
                        &a->next_escalate, &a->before_raised, &a->before_cleared, &a->recent[0],
                        &a->recent[1],     &a->recent[2]};
    for (size_t i = 0; i < KT_ARRAY_LEN(times); i++) {
        *times[i] = kt_get_i64(in);
    }
    a->raises = kt_get_u32(in);
    a->day_count = kt_get_u32(in);
    a->day = (int32_t)kt_get_u32(in);
    kt_get_text(in, a->by, sizeof a->by);
    kt_get_text(in, a->note, sizeof a->note);
    kt_get_text(in, a->mask_by, sizeof a->mask_by);
    kt_get_text(in, a->reason, sizeof a->reason);
    in->bad |= a->state > KT_AL_RTN || a->masks > 7;
}

static void take(struct kt_alarm_set *set, struct kt_alarm *to, struct kt_alarm *from)
{
    from->rule = to->rule;
    from->point = to->point;
    *to = *from;
    alarm_touch(set, to);
    if (alarm_rule(set, to)->statutory) {
        to->masks = 0;
        to->until = 0;
    }
    set->active += kt_alarm_is_active(to);
    if ((to->masks & KT_AL_SHELVED) && to->until < set->next_due) {
        set->next_due = to->until;
    }
    if (to->next_escalate != 0 && to->next_escalate < set->next_due) {
        set->next_due = to->next_escalate;
    }
}

static void load_one(struct kt_alarm_set *set, struct kt_rd *in)
{
    struct kt_str rule = kt_get_bytes(in), point = kt_get_bytes(in);
    struct kt_alarm got = {0};
    load_fields(&got, in);
    kt_rule_id r = in->bad ? (kt_rule_id){KT_NONE} : kt_site_rule(set->site, rule);
    kt_point_id p = in->bad ? (kt_point_id){KT_NONE} : kt_site_point(set->site, point);
    if (in->bad || r.v == KT_NONE || p.v == KT_NONE) {
        return;
    }
    uint32_t i = alarm_instance(set, r, p);
    if (i == KT_NONE) {
        return;
    }
    in->bad |= set->slot_of[i] != 0; /* twice */
    if (!in->bad) {
        take(set, alarm_slot(set, r, p), &got);
    }
}

static int older(const void *a, const void *b)
{
    const struct kt_alarm *x = *(const struct kt_alarm *const *)a;
    const struct kt_alarm *y = *(const struct kt_alarm *const *)b;
    return x->order < y->order ? -1 : x->order > y->order;
}

/* Groups are in the order of raising. */
static void rebuild_groups(struct kt_alarm_set *set)
{
    struct kt_alarm **list = malloc((set->n ? set->n : 1) * sizeof *list);
    KT_ASSERT(list);
    uint32_t n = 0;
    for (uint32_t i = 0; i < set->n; i++) {
        if (kt_alarm_is_active(&set->slot[i])) {
            list[n++] = &set->slot[i];
        }
    }
    qsort(list, n, sizeof *list, older);
    for (uint32_t i = 0; i < n; i++) {
        kt_alarm_id first = list[i]->first_out;
        alarm_group_add(set, list[i]);
        list[i]->first_out = first;
        alarm_touch(set, list[i]);
    }
    free(list);
}

int kt_alarm_load(struct kt_alarm_set *set, struct kt_rd *in, struct kt_err *err)
{
    KT_ASSERT(set->n == 0);
    alarm_kpi_load(&set->kpi, in);
    set->order = kt_get_u64(in);
    uint64_t n = kt_get_varint(in);
    for (uint64_t i = 0; i < n && !in->bad; i++) {
        load_one(set, in);
    }
    if (in->bad) {
        return kt_err_set(err, KT_ECORRUPT, "checkpoint: alarms are damaged");
    }
    rebuild_groups(set);
    return KT_OK;
}
