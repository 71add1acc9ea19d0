/* SPDX-License-Identifier: Apache-2.0 */
#include "api/past_alarms.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"

enum { ALARMS_MAX = 200000 };

static void copy_text(char *to, size_t cap, const struct kt_json *v, const char *key)
{
    snprintf(to, cap, "%s", kt_json_get_str(v, key, ""));
}

/* Alarms that stood in [from, to). */
struct span {
    struct call *c;
    kt_time from, to;
    struct past *ret;
};

static struct kt_str key_of(const int64_t *id)
{
    return (struct kt_str){(const char *)id, sizeof(*id)};
}

/* The newest standing of an alarm; NULL: none in the span. */
static struct past_alarm *newest(const struct past *p, int64_t id)
{
    uint64_t at;
    return kt_map_get(p->newest, key_of(&id), &at) ? &p->alarms[at] : NULL;
}

static struct past_alarm *append(struct past *p, int64_t id, kt_time raised)
{
    uint64_t before;
    bool again = kt_map_get(p->newest, key_of(&id), &before);
    if (p->alarms_n == p->alarms_cap) {
        p->alarms_cap = p->alarms_cap ? p->alarms_cap * 2 : 256;
        p->alarms = realloc(p->alarms, p->alarms_cap * sizeof(*p->alarms));
        KT_ASSERT(p->alarms);
    }
    struct past_alarm *a = &p->alarms[p->alarms_n];
    *a = (struct past_alarm){
        .id = id, .nth = 1, .earlier = SIZE_MAX, .raised = raised, .value = (double)NAN};
    if (again) {
        a->earlier = before;
        a->nth = p->alarms[before].nth + 1;
    }
    kt_map_set(p->newest, key_of(&id), p->alarms_n++);
    return a;
}

/* Whoever takes note of an alarm has taken note of all its standings. */
static void spread_note(struct past *p, struct past_alarm *a)
{
    for (size_t i = a->earlier; i != SIZE_MAX && !p->alarms[i].acked; i = p->alarms[i].earlier) {
        p->alarms[i].acked = a->acked;
        memcpy(p->alarms[i].by, a->by, sizeof(a->by));
    }
}

/* The standing that an outcome of `now` (0: the present list) is about; NULL: not of the span. */
static struct past_alarm *standing(struct span *s, const struct kt_json *v, kt_time now)
{
    int64_t id = kt_json_get_int(v, "id", 0);
    struct past_alarm *a = newest(s->ret, id);
    bool raise = strcmp(kt_json_get_str(v, "change", ""), "raise") == 0;
    kt_time raised = raise ? now : kt_json_get_time(v, "raised"),
            cleared = kt_json_get_time(v, "cleared");
    if (a && !(raise && a->cleared)) {
        return a;
    }
    bool of_span = raised && raised < s->to && (!cleared || cleared >= s->from);
    return of_span ? append(s->ret, id, raised) : NULL;
}

static void take_alarm(struct span *s, const struct kt_json *v, kt_time now)
{
    struct past_alarm *a = standing(s, v, now);
    if (!a) {
        return;
    }
    copy_text(a->rule, sizeof(a->rule), v, "rule");
    copy_text(a->point, sizeof(a->point), v, "point");
    copy_text(a->category, sizeof(a->category), v, "category");
    copy_text(a->state, sizeof(a->state), v, "state");
    if (kt_json_get_str(v, "by", "")[0]) {
        copy_text(a->by, sizeof(a->by), v, "by");
    }
    a->priority = (int)kt_json_get_int(v, "priority", 0);
    a->peak = kt_json_get_num(v, "peak", NAN);
    a->limit = kt_json_get_num(v, "limit", NAN);
    if (strcmp(kt_json_get_str(v, "change", ""), "raise") == 0) {
        a->value = kt_json_get_num(v, "value", NAN);
    }
    a->cleared = kt_json_get_time(v, "cleared");
    a->acked = kt_json_get_time(v, "acked");
    if (a->acked) {
        spread_note(s->ret, a);
    }
}

static void take_card(const struct span *s, const struct kt_json *v)
{
    struct past_alarm *a = newest(s->ret, kt_json_get_int(v, "alarm", 0));
    /* "cause" of an outcome is the event behind it; the cause people recorded is its text */
    while (a && strcmp(kt_json_get_str(v, "change", ""), "measure") == 0) {
        copy_text(a->cause, sizeof(a->cause), v, "text");
        copy_text(a->measure, sizeof(a->measure), v, "measure");
        a = a->earlier == SIZE_MAX ? NULL : &s->ret->alarms[a->earlier];
    }
}

static void take(struct span *s, const struct kt_json *v, kt_time now)
{
    if (!may_see_object(s->c, v)) {
        return;
    }
    if (strcmp(kt_json_get_str(v, "type", ""), "card") == 0) {
        take_card(s, v);
    } else {
        take_alarm(s, v, now);
    }
}

static int read_journal(struct span *s, struct kt_err *err)
{
    struct kt_journal *j = kt_runtime_journal(s->c->api->opts.runtime);
    struct kt_journal_reader *r;
    struct kt_event ev;
    kt_seq first;
    int rc = kt_journal_find(j, NULL, s->from, &first, err);
    if (rc < 0 || !first || (rc = kt_journal_read(j, NULL, first, &r, err)) < 0) {
        return rc;
    }
    while (s->ret->alarms_n < ALARMS_MAX &&
           (rc = kt_journal_next_of(r, 1u << KT_EV_OUTCOME, &ev, err)) == 1) {
        struct kt_json *v = NULL;
        bool wanted = memmem(ev.body.p, ev.body.n, "\"type\":\"alarm\"", 14) ||
                      memmem(ev.body.p, ev.body.n, "\"type\":\"card\"", 13);
        if (wanted && kt_json_parse(ev.body, 1 << 20, &v, NULL) == KT_OK) {
            take(s, v, ev.time);
        }
        kt_json_free(v);
    }
    kt_journal_reader_free(r);
    return rc;
}

/* Those of which nothing was said since: they began before the span and stand today. */
static void read_present(struct span *s)
{
    struct kt_buf raw;
    struct kt_json *list = NULL;
    kt_buf_init(&raw, 256 << 20);
    kt_runtime_snapshot_now(s->c->api->opts.runtime, KT_SNAP_ALARMS, &raw);
    if (kt_json_parse((struct kt_str){raw.p, raw.n}, 256 << 20, &list, NULL) == KT_OK) {
        for (size_t i = 0; i < kt_json_len(list); i++) {
            take(s, kt_json_at(list, i), 0);
        }
    }
    kt_json_free(list);
    kt_buf_done(&raw);
}

int past_read(struct call *c, kt_time from, kt_time to, struct past *ret, struct kt_err *err)
{
    struct past p = {.newest = kt_map_new(1024)};
    struct span s = {c, from, to, &p};
    int rc = read_journal(&s, err);
    if (rc < 0) {
        past_done(&p);
        return rc;
    }
    read_present(&s);
    if (p.alarms_n >= ALARMS_MAX) {
        past_done(&p);
        return kt_err_set(err, KT_EINVAL, "more than %d alarms; take a shorter span", ALARMS_MAX);
    }
    *ret = p;
    return KT_OK;
}

void past_done(struct past *p)
{
    free(p->alarms);
    kt_map_free(p->newest);
    *p = (struct past){0};
}
