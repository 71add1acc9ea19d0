/* SPDX-License-Identifier: Apache-2.0 */
#include "api/past_alarms.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"

static kt_time time_of(const struct kt_json *v, const char *key)
{
    kt_time t = 0;
    const char *text = kt_json_get_str(v, key, NULL);
    if (!text || kt_time_parse(kt_str_c(text), 0, &t) < 0) {
        return 0;
    }
    return t;
}

static void copy_text(char *to, size_t cap, const struct kt_json *v, const char *key)
{
    snprintf(to, cap, "%s", kt_json_get_str(v, key, ""));
}

/* Index of an id, made when it is new; SIZE_MAX past the ceiling. */
static size_t slot(struct kt_map *map, int64_t id, size_t *n, size_t *cap, void **list, size_t size)
{
    enum { MAX = 200000 };
    uint64_t at;
    struct kt_str key = {(const char *)&id, sizeof(id)};
    if (kt_map_get(map, key, &at)) {
        return at;
    }
    if (*n == MAX) {
        return SIZE_MAX;
    }
    if (*n == *cap) {
        *cap = *cap ? *cap * 2 : 256;
        *list = realloc(*list, *cap * size);
        KT_ASSERT(*list);
    }
    memset((char *)*list + *n * size, 0, size);
    kt_map_set(map, key, *n);
    return (*n)++;
}

static void take_alarm(struct past *p, const struct kt_json *v)
{
    int64_t id = kt_json_get_int(v, "id", 0);
    void *list = p->alarms;
    size_t i = slot(p->alarm_of, id, &p->alarms_n, &p->alarms_cap, &list, sizeof(*p->alarms));
    p->alarms = list;
    if (i == SIZE_MAX) {
        return;
    }
    struct past_alarm *a = &p->alarms[i];
    a->id = id;
    copy_text(a->rule, sizeof(a->rule), v, "rule");
    copy_text(a->point, sizeof(a->point), v, "point");
    copy_text(a->category, sizeof(a->category), v, "category");
    copy_text(a->state, sizeof(a->state), v, "state");
    if (kt_json_get_str(v, "by", "")[0]) {
        copy_text(a->by, sizeof(a->by), v, "by");
    }
    a->priority = (int)kt_json_get_int(v, "priority", 0);
    a->peak = kt_json_get_num(v, "peak", NAN);
    a->value = kt_json_get_num(v, "value", NAN);
    a->raised = time_of(v, "raised");
    a->cleared = time_of(v, "cleared");
    a->acked = time_of(v, "acked");
}

static void take_card(struct past *p, const struct kt_json *v)
{
    uint64_t at;
    int64_t alarm = kt_json_get_int(v, "alarm", 0);
    if (kt_map_get(p->alarm_of, (struct kt_str){(const char *)&alarm, sizeof(alarm)}, &at)) {
        struct past_alarm *a = &p->alarms[at];
        /* "cause" of an outcome is the event behind it; the cause people recorded is its text */
        if (strcmp(kt_json_get_str(v, "change", ""), "measure") == 0) {
            copy_text(a->cause, sizeof(a->cause), v, "text");
            copy_text(a->measure, sizeof(a->measure), v, "measure");
        }
    }
}

static void take(struct call *c, struct past *p, const struct kt_event *ev)
{
    struct kt_json *v = NULL;
    bool wanted = memmem(ev->body.p, ev->body.n, "\"type\":\"alarm\"", 14) ||
                  memmem(ev->body.p, ev->body.n, "\"type\":\"card\"", 13);
    if (!wanted || kt_json_parse(ev->body, 1 << 20, &v, NULL) < 0) {
        return;
    }
    if (may_see_object(c, v)) {
        const char *type = kt_json_get_str(v, "type", "");
        if (strcmp(type, "alarm") == 0) {
            take_alarm(p, v);
        } else {
            take_card(p, v);
        }
    }
    kt_json_free(v);
}

int past_read(struct call *c, kt_time from, kt_time to, struct past *ret, struct kt_err *err)
{
    struct past p = {.alarm_of = kt_map_new(1024)};
    struct kt_journal *j = kt_runtime_journal(c->api->opts.runtime);
    struct kt_journal_reader *r;
    struct kt_event ev;
    kt_seq first;
    int rc = kt_journal_find(j, NULL, from, &first, err);
    if (rc == KT_OK && first && (rc = kt_journal_read(j, NULL, first, &r, err)) == KT_OK) {
        while ((rc = kt_journal_next_of(r, 1u << KT_EV_OUTCOME, &ev, err)) == 1 && ev.time < to) {
            take(c, &p, &ev);
        }
        kt_journal_reader_free(r);
    }
    if (rc < 0) {
        past_done(&p);
        return rc;
    }
    *ret = p;
    return KT_OK;
}

void past_done(struct past *p)
{
    free(p->alarms);
    kt_map_free(p->alarm_of);
    *p = (struct past){0};
}
