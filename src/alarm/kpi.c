/* SPDX-License-Identifier: Apache-2.0 */
/* kpi: the measures of ISA-18.2 clause 16 / EEMUA 191, kept as counters in rings. */
#include "alarm/private.h"

enum { TEN = 10, FLOOD = 10, CHATTER = 3, TOP = 10, PERIODS = ALARM_MINUTES / TEN };
enum { CHATTERING_MAX = 500 }; /* named; all are counted */

/* Make `minute` the newest of the ring: what lies between is empty. */
static void advance(struct alarm_kpi *k, int64_t minute)
{
    if (minute <= k->minute) {
        return;
    }
    int64_t from = k->minute + 1;
    if (minute - from >= ALARM_MINUTES) {
        from = minute - ALARM_MINUTES + 1;
    }
    for (int64_t m = from; m <= minute; m++) {
        k->per_minute[m % ALARM_MINUTES] = 0;
        if ((m % 60 == 0 || m == from) && m / 60 != k->minute / 60) {
            memset(k->by_priority[m / 60 % 24], 0, sizeof k->by_priority[0]);
        }
    }
    k->minute = minute;
}

static int32_t day_of(const struct kt_alarm_set *set, kt_time t)
{
    return (int32_t)((t + set->site->utc_offset_s * KT_SEC) / KT_DAY);
}

void alarm_kpi_count(struct kt_alarm_set *set, struct kt_alarm *a, kt_time now)
{
    struct alarm_kpi *k = &set->kpi;
    int64_t minute = now / KT_MIN;
    advance(k, minute);
    uint16_t *count = &k->per_minute[k->minute % ALARM_MINUTES];
    *count = (uint16_t)(*count + (*count < UINT16_MAX));
    uint8_t priority = alarm_rule(set, a)->priority;
    k->by_priority[k->minute / 60 % 24][priority <= 4 ? priority : 4]++;
    int32_t day = day_of(set, now);
    a->day_count = a->day == day ? a->day_count + 1 : 1;
    a->day = day;
    a->recent[2] = a->recent[1];
    a->recent[1] = a->recent[0];
    a->recent[0] = now;
}

/* Raises in the ten minutes that end `back` minutes before `minute`. Minutes after the ring's
 * newest and before its oldest count nothing. */
static uint32_t ten_minutes(const struct alarm_kpi *k, int64_t minute, int64_t back)
{
    uint32_t n = 0;
    for (int64_t m = minute - back; m > minute - back - TEN; m--) {
        if (m >= 0 && m <= k->minute && m > k->minute - ALARM_MINUTES) {
            n += k->per_minute[m % ALARM_MINUTES];
        }
    }
    return n;
}

static bool chatters(const struct kt_alarm *a, kt_time now)
{
    return a->recent[CHATTER - 1] != 0 && a->recent[0] - a->recent[CHATTER - 1] <= KT_MIN &&
           now - a->recent[0] <= KT_DAY;
}

static void write_ref(const struct kt_alarm_set *set, const struct kt_alarm *a, struct kt_jw *w)
{
    kt_jw_kstr(w, "rule", set->site->rules[a->rule.v].id);
    kt_jw_kstr(w, "point", set->site->points[a->point.v].id);
}

/* What one look at every slot finds. */
struct standing {
    uint32_t stale, unack, shelved, suppressed, oos, chattering;
    const struct kt_alarm *top[TOP], *chatter[CHATTERING_MAX];
};

/* Insertion into a short list: most raises first, older slots first among equals. */
static void into_top(struct standing *s, const struct kt_alarm *a)
{
    const struct kt_alarm *least = s->top[TOP - 1];
    if (least && least->day_count >= a->day_count) {
        return;
    }
    for (int k = 0; k < TOP && a; k++) {
        if (!s->top[k] || s->top[k]->day_count < a->day_count) {
            const struct kt_alarm *out = s->top[k];
            s->top[k] = a;
            a = out;
        }
    }
}

static void look(const struct kt_alarm_set *set, kt_time now, struct standing *s)
{
    int32_t day = day_of(set, now);
    for (uint32_t i = 0; i < set->n; i++) {
        const struct kt_alarm *a = &set->slot[i];
        s->stale += kt_alarm_is_active(a) && now - a->raised > KT_DAY;
        s->unack += a->masks == 0 && (a->state == KT_AL_UNACK || a->state == KT_AL_RTN);
        s->shelved += (a->masks & KT_AL_SHELVED) != 0;
        s->suppressed += (a->masks & KT_AL_SUPPRESSED) != 0;
        s->oos += (a->masks & KT_AL_OOS) != 0;
        if (chatters(a, now) && s->chattering++ < CHATTERING_MAX) {
            s->chatter[s->chattering - 1] = a;
        }
        if (a->day == day && a->day_count) {
            into_top(s, a);
        }
    }
}

static void write_counted(const struct kt_alarm_set *set, const char *key,
                          const struct kt_alarm *const *list, uint32_t n, struct kt_jw *w)
{
    kt_jw_key(w, key);
    kt_jw_arr(w);
    for (uint32_t i = 0; i < n && list[i]; i++) {
        kt_jw_obj(w);
        write_ref(set, list[i], w);
        kt_jw_kint(w, "count", list[i]->day_count);
        kt_jw_obj_end(w);
    }
    kt_jw_arr_end(w);
}

static void write_rate(const struct alarm_kpi *k, kt_time now, struct kt_jw *w)
{
    int64_t minute = now / KT_MIN;
    uint32_t floods = 0, all = 0, last = ten_minutes(k, minute, 0);
    kt_jw_key(w, "periods");
    kt_jw_arr(w);
    for (int64_t i = PERIODS - 1; i >= 0; i--) {
        uint32_t n = ten_minutes(k, minute, i * TEN);
        kt_jw_int(w, n);
        floods += n > FLOOD;
        all += n;
    }
    kt_jw_arr_end(w);
    kt_jw_kint(w, "rate_10min", last);
    kt_jw_kbool(w, "flood", last > FLOOD);
    kt_jw_kint(w, "floods_24h", floods);
    kt_jw_kint(w, "raised_24h", all);
    kt_jw_knum(w, "average_10min", (double)all / PERIODS);
}

static void write_priorities(const struct alarm_kpi *k, kt_time now, struct kt_jw *w)
{
    uint32_t sum[5] = {0};
    for (int h = 0; h < 24 && now / KT_MIN - k->minute < ALARM_MINUTES; h++) {
        for (int p = 0; p < 5; p++) {
            sum[p] += k->by_priority[h][p];
        }
    }
    kt_jw_key(w, "priority");
    kt_jw_arr(w);
    for (int p = 1; p < 5; p++) {
        kt_jw_int(w, sum[p]);
    }
    kt_jw_arr_end(w);
}

static void write_standing(const struct kt_alarm_set *set, const struct standing *s,
                           struct kt_jw *w)
{
    kt_jw_kint(w, "active", set->active);
    kt_jw_kint(w, "unacknowledged", s->unack);
    kt_jw_kint(w, "stale", s->stale);
    kt_jw_kint(w, "shelved", s->shelved);
    kt_jw_kint(w, "suppressed", s->suppressed);
    kt_jw_kint(w, "oos", s->oos);
    kt_jw_kint(w, "chattering_total", s->chattering);
}

void kt_alarm_kpi_json(const struct kt_alarm_set *set, kt_time now, struct kt_jw *w)
{
    struct standing s = {0};
    look(set, now, &s);
    uint32_t named = s.chattering < CHATTERING_MAX ? s.chattering : CHATTERING_MAX;
    kt_jw_obj(w);
    write_rate(&set->kpi, now, w);
    write_standing(set, &s, w);
    write_priorities(&set->kpi, now, w);
    write_counted(set, "chattering", s.chatter, named, w);
    write_counted(set, "top", s.top, TOP, w);
    kt_jw_obj_end(w);
}

void alarm_kpi_save(const struct alarm_kpi *k, struct kt_buf *out)
{
    kt_put_i64(out, k->minute);
    for (int i = 0; i < ALARM_MINUTES; i++) {
        kt_put_varint(out, k->per_minute[i]);
    }
    for (int h = 0; h < 24; h++) {
        for (int p = 0; p < 5; p++) {
            kt_put_varint(out, k->by_priority[h][p]);
        }
    }
}

void alarm_kpi_load(struct alarm_kpi *k, struct kt_rd *in)
{
    k->minute = kt_get_i64(in);
    in->bad |= k->minute < 0;
    for (int i = 0; i < ALARM_MINUTES; i++) {
        k->per_minute[i] = (uint16_t)kt_get_varint(in);
    }
    for (int h = 0; h < 24; h++) {
        for (int p = 0; p < 5; p++) {
            k->by_priority[h][p] = (uint32_t)kt_get_varint(in);
        }
    }
}
