/* SPDX-License-Identifier: Apache-2.0 */
/*
 * desk_case: an incident's case. It is asked for as anybody asks for a record, with a key that
 * names the incident, so that a second time gives the verdict of the first; what came of it goes
 * back to the engine as an answer.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/desk.h"
#include "base/log.h"

enum { STATE_MAX = 64 << 20, LATE_S = 5 };

struct asked {
    pthread_mutex_t lock;
    pthread_cond_t done;
    bool over, ok, left; /* left: nobody waits any more, the last one frees it */
    int64_t record;
    char key[64], text[120];
};

static void drop(struct asked *q)
{
    pthread_cond_destroy(&q->done);
    pthread_mutex_destroy(&q->lock);
    free(q);
}

static void on_verdict(void *arg, int result, struct kt_str json)
{
    struct asked *q = arg;
    struct kt_json *v = NULL;
    bool read = result == KT_OK && kt_json_parse(json, 1 << 20, &v, NULL) == KT_OK;
    pthread_mutex_lock(&q->lock);
    q->ok = read && kt_json_get_bool(v, "ok", false);
    q->record = kt_json_get_int(kt_json_get(v, "result"), "record", 0);
    kt_text_set(q->key, sizeof(q->key), kt_json_get_str(kt_json_get(v, "result"), "key", ""));
    kt_text_set(q->text, sizeof(q->text),
                read ? kt_json_get_str(v, "text", "") : kt_err_text(result));
    q->over = true;
    bool left = q->left;
    pthread_cond_signal(&q->done);
    pthread_mutex_unlock(&q->lock);
    kt_json_free(v);
    if (left) {
        drop(q);
    }
}

/* {"verb","args","by","key"}: by the program itself, with no more rights than this takes. */
static void write_ask(const struct kt_site *s, const struct kt_json *x, struct kt_buf *out)
{
    kt_rule_id rule = kt_site_rule(s, kt_str_c(kt_json_get_str(x, "rule", "")));
    kt_place_id at = kt_site_place(s, kt_str_c(kt_json_get_str(x, "place", "")));
    struct kt_jw w = kt_jw_init(out);
    char key[48];
    (void)snprintf(key, sizeof(key), "incident/%lld", (long long)kt_json_get_int(x, "id", 0));
    kt_jw_obj(&w);
    kt_jw_kstr(&w, "verb", "record.create");
    kt_jw_key(&w, "args");
    kt_jw_obj(&w);
    kt_jw_kstr(&w, "register", kt_json_get_str(x, "register", ""));
    kt_jw_key(&w, "fields");
    kt_jw_obj(&w);
    char title[200];
    (void)snprintf(title, sizeof(title), "%.90s %.90s",
                   at.v == KT_NONE ? "" : s->places[at.v].name.zh,
                   rule.v == KT_NONE ? "" : s->rules[rule.v].title.zh);
    kt_jw_kstr(&w, "title", title);
    kt_jw_kstr(&w, "place", kt_json_get_str(x, "place", ""));
    kt_jw_kstr(&w, "point", kt_json_get_str(x, "point", ""));
    kt_jw_kint(&w, "incident", kt_json_get_int(x, "id", 0));
    kt_time began = kt_json_get_time(x, "at");
    if (began) {
        kt_jw_kint(&w, "began", began / KT_MS);
    }
    kt_jw_kint(&w, "persons", kt_json_get_int(x, "persons", 0));
    kt_jw_obj_end(&w);
    kt_jw_obj_end(&w);
    kt_jw_key(&w, "by");
    kt_jw_raw(&w, KT_STR("{\"user\":\"kuangtu\",\"name\":\"\",\"rights\":[\"record.write\","
                         "\"incident.write\"],\"places\":[\"*\"]}"));
    kt_jw_kstr(&w, "key", key);
    kt_jw_obj_end(&w);
}

static void tell(struct kt_api *a, int64_t incident, const char *state, const struct asked *q)
{
    struct kt_buf b;
    kt_buf_init(&b, 4096);
    struct kt_jw w = kt_jw_init(&b);
    kt_jw_obj(&w);
    kt_jw_kint(&w, "incident", incident);
    kt_jw_kstr(&w, "step", "case");
    kt_jw_kstr(&w, "state", state);
    kt_jw_kstr(&w, "text", q ? (q->ok ? q->key : q->text) : "no-register");
    if (q && q->ok) {
        kt_jw_kint(&w, "record", q->record);
    }
    kt_jw_obj_end(&w);
    if (kt_runtime_answer(a->opts.runtime, (struct kt_str){b.p, b.n}, "desk") < 0) {
        KT_WARN("desk", "incident %lld: its case is not told", (long long)incident);
    }
    kt_buf_done(&b);
}

/* Waits for the verdict, some seconds at most; later it is asked again under the same key. */
static bool ask(struct kt_api *a, const struct kt_site *s, const struct kt_json *x)
{
    struct asked *q = calloc(1, sizeof(*q));
    struct timespec until;
    struct kt_buf b;
    KT_ASSERT(q);
    pthread_mutex_init(&q->lock, NULL);
    pthread_cond_init(&q->done, NULL);
    kt_buf_init(&b, 1 << 16);
    write_ask(s, x, &b);
    int r =
        kt_runtime_request(a->opts.runtime, (struct kt_str){b.p, b.n}, "kuangtu", on_verdict, q);
    kt_buf_done(&b);
    if (r < 0) {
        drop(q);
        return false;
    }
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += LATE_S;
    pthread_mutex_lock(&q->lock);
    while (!q->over && pthread_cond_timedwait(&q->done, &q->lock, &until) == 0) {
    }
    bool over = q->over;
    q->left = !over;
    pthread_mutex_unlock(&q->lock);
    if (over) {
        tell(a, kt_json_get_int(x, "id", 0), q->ok ? "done" : "failed", q);
        drop(q);
    }
    return over;
}

static bool waits(const struct kt_json *x)
{
    const struct kt_json *steps = kt_json_get(x, "steps");
    bool any = false;
    for (size_t i = 0; i < kt_json_len(steps); i++) {
        const struct kt_json *s = kt_json_at(steps, i);
        any |= strcmp(kt_json_get_str(s, "step", ""), "case") == 0 &&
               strcmp(kt_json_get_str(s, "state", ""), "waiting") == 0;
    }
    return any;
}

bool desk_cases(struct kt_api *a)
{
    struct kt_buf raw;
    struct kt_json *state = NULL;
    bool all = true;
    if (kt_runtime_follows(a->opts.runtime)) {
        return false; /* the active node asks; this one when it becomes that */
    }
    kt_buf_init(&raw, STATE_MAX);
    kt_runtime_snapshot_now(a->opts.runtime, KT_SNAP_STATE, &raw);
    int r = kt_json_parse((struct kt_str){raw.p, raw.n}, STATE_MAX, &state, NULL);
    kt_buf_done(&raw);
    const struct kt_json *list = r == KT_OK ? kt_json_get(state, "incidents") : NULL;
    struct kt_site *site = kt_runtime_site(a->opts.runtime);
    struct kt_reader who = desk_reader(a);
    struct kt_room *room = kt_runtime_room(a->opts.runtime);
    for (size_t i = 0; i < kt_json_len(list); i++) {
        const struct kt_json *x = kt_json_at(list, i);
        if (waits(x) &&
            (!room || !kt_room_sees_some(room, &who, kt_json_get_str(x, "register", "")))) {
            tell(a, kt_json_get_int(x, "id", 0), "unavailable", NULL);
        } else if (waits(x)) {
            all &= ask(a, site, x);
        }
    }
    kt_site_unref(site);
    kt_json_free(state);
    return all && r == KT_OK;
}
