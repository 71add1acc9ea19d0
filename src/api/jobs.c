/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Back-tests: tomorrow's rules or limits over hours that have passed. The change is laid over the
 * sites that were in force, checked like any site and run over the recorded inputs; the answer is
 * what it would have raised and cut, beside what did happen. One at a time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/records.h"
#include "base/log.h"
#include "base/map.h"
#include "sys/clock.h"
#include "sys/thread.h"

enum { JOBS_KEPT = 16, OUTCOMES_MAX = 5000 };

enum { ALARMS, CUTS, ALARMS_THEN, CUTS_THEN, COUNTS };
struct tally { /* of one place or point: totals are of what the reader may see */
    char *where;
    bool is_place;
    uint64_t n[COUNTS];
};

struct job {
    uint64_t id;
    struct jobs *owner;
    struct kt_site *site; /* today's with the change */
    struct kt_buf rules, limits;
    struct kt_site_extra extra; /* views of the two */
    char *data_dir, *by;
    kt_time from, to;
    _Atomic int percent;
    /* under the owner's lock */
    bool done;
    int result;
    struct kt_err err;
    struct kt_buf items;    /* outcomes it would have made, JSON array items */
    struct kt_buf happened; /* outcomes that were recorded */
    uint64_t found, found_then;
    struct tally *tally;
    uint32_t tally_n, tally_cap;
    struct kt_map *tally_of; /* by where */
    bool cut_short;
};

struct jobs {
    struct kt_api *api;
    pthread_mutex_t lock;
    struct job *jobs[JOBS_KEPT];
    uint64_t next_id;
    bool running;
    pthread_t thread;
    bool thread_on;
};

struct jobs *jobs_new(struct kt_api *a)
{
    struct jobs *j = calloc(1, sizeof(*j));
    KT_ASSERT(j);
    j->api = a;
    j->next_id = 1;
    pthread_mutex_init(&j->lock, NULL);
    return j;
}

static void job_free(struct job *j)
{
    if (!j) {
        return;
    }
    kt_site_unref(j->site);
    free(j->data_dir);
    free(j->by);
    for (uint32_t i = 0; i < j->tally_n; i++) {
        free(j->tally[i].where);
    }
    free(j->tally);
    kt_map_free(j->tally_of);
    kt_buf_done(&j->rules);
    kt_buf_done(&j->limits);
    kt_buf_done(&j->items);
    kt_buf_done(&j->happened);
    free(j);
}

void jobs_free(struct jobs *j)
{
    if (!j) {
        return;
    }
    if (j->thread_on) {
        pthread_join(j->thread, NULL);
    }
    for (int i = 0; i < JOBS_KEPT; i++) {
        job_free(j->jobs[i]);
    }
    pthread_mutex_destroy(&j->lock);
    free(j);
}

static struct tally *tally_of(struct job *j, const char *where, bool is_place)
{
    uint64_t at;
    if (kt_map_get(j->tally_of, kt_str_c(where), &at)) {
        return &j->tally[at];
    }
    if (j->tally_n == j->tally_cap) {
        j->tally_cap = j->tally_cap ? j->tally_cap * 2 : 64;
        j->tally = realloc(j->tally, j->tally_cap * sizeof(*j->tally));
        KT_ASSERT(j->tally);
    }
    kt_map_set(j->tally_of, kt_str_c(where), j->tally_n);
    struct tally *t = &j->tally[j->tally_n++];
    *t = (struct tally){.where = strdup(where), .is_place = is_place};
    return t;
}

/* An alarm raised, or an output opened by a rule, is counted where it was; everything else is
 * detail: false. */
static bool count(struct job *j, struct kt_str json, int alarms, int cuts)
{
    struct kt_json *v = NULL;
    if (kt_json_parse(json, 1 << 20, &v, NULL) < 0) {
        return false;
    }
    const char *type = kt_json_get_str(v, "type", "");
    bool alarm = !strcmp(type, "alarm") && !strcmp(kt_json_get_str(v, "change", ""), "raise");
    bool cut = !strcmp(type, "command") && kt_json_get_bool(v, "protective", false) &&
               !strcmp(kt_json_get_str(v, "state", ""), "sent");
    const char *place = kt_json_get_str(v, "place", NULL);
    const char *point = kt_json_get_str(v, "point", kt_json_get_str(v, "output", ""));
    if (alarm || cut) {
        tally_of(j, place ? place : point, place != NULL)->n[cut ? cuts : alarms]++;
    }
    kt_json_free(v);
    return alarm || cut;
}

static void collect(struct kt_buf *out, kt_time time, struct kt_str json)
{
    if (out->n) {
        kt_put_u8(out, ',');
    }
    kt_buf_printf(out, "{\"time\":%lld,\"body\":", (long long)(time / KT_MS));
    times_to_ms(json, out);
    kt_buf_puts(out, "}");
}

static void on_outcome(void *arg, kt_seq seq, kt_time time, struct kt_str json)
{
    struct job *j = arg;
    (void)seq;
    if (time < j->from) {
        return;
    }
    pthread_mutex_lock(&j->owner->lock);
    if (count(j, json, ALARMS, CUTS)) {
        if (++j->found <= OUTCOMES_MAX) {
            collect(&j->items, time, json);
        } else {
            j->cut_short = true;
        }
    }
    pthread_mutex_unlock(&j->owner->lock);
}

/* What did happen in the same hours. */
static void read_happened(struct job *j)
{
    struct kt_err err;
    struct kt_event ev;
    struct kt_journal_reader *r;
    kt_seq first;
    struct kt_journal *journal = kt_runtime_journal(j->owner->api->opts.runtime);
    if (kt_journal_find(journal, NULL, j->from, &first, &err) < 0 || !first ||
        kt_journal_read(journal, NULL, first, &r, &err) < 0) {
        return;
    }
    while (kt_journal_next_of(r, 1u << KT_EV_OUTCOME, &ev, &err) == 1 && ev.time < j->to) {
        pthread_mutex_lock(&j->owner->lock);
        if (count(j, ev.body, ALARMS_THEN, CUTS_THEN) && ++j->found_then <= OUTCOMES_MAX) {
            collect(&j->happened, ev.time, ev.body);
        }
        pthread_mutex_unlock(&j->owner->lock);
    }
    kt_journal_reader_free(r);
}

static void on_progress(void *arg, double part)
{
    struct job *j = arg;
    atomic_store(&j->percent, (int)(part * 100));
}

static void *run(void *arg)
{
    struct job *j = arg;
    struct kt_err err = {0};
    kt_thread_nice(10);
    int r = kt_backtest(j->owner->api->opts.runtime, j->data_dir, j->site, &j->extra, j->from,
                        j->to, on_outcome, j, on_progress, &err);
    read_happened(j);
    pthread_mutex_lock(&j->owner->lock);
    j->done = true;
    j->result = r;
    j->err = err;
    j->owner->running = false;
    pthread_mutex_unlock(&j->owner->lock);
    return NULL;
}

/* ---- the changed site ------------------------------------------------------------------------ */

static void write_limits_yaml(const struct kt_json *limits, struct kt_buf *out)
{
    kt_buf_puts(out, "limits:\n");
    for (size_t i = 0; i < kt_json_len(limits); i++) {
        const struct kt_json *one = kt_json_at(limits, i);
        const char *point = kt_json_get_str(one, "point", NULL);
        const char *who = point ? point : kt_json_get_str(one, "role", "");
        char value[40];
        kt_fmt_double(value, kt_json_get_num(one, "value", 0));
        kt_buf_printf(out, "  - {%s: [\"", point ? "points" : "roles");
        for (const char *p = who; *p; p++) {
            kt_put_u8(out, strchr("\"\\\n\r", *p) ? '_' : (uint8_t)*p);
        }
        kt_buf_puts(out, "\"], values: {");
        for (const char *p = kt_json_get_str(one, "name", ""); *p; p++) {
            kt_put_u8(out, (*p >= 'a' && *p <= 'z') || *p == '_' ? (uint8_t)*p : '_');
        }
        kt_buf_printf(out, ": %s}}\n", value);
    }
}

/* The first errors of the check, in one text. */
static void tell_findings(const struct kt_findings *f, struct kt_err *err)
{
    const struct kt_finding *one;
    size_t n = 0;
    err->text[0] = '\0';
    for (size_t i = 0; (one = kt_findings_get(f, i)) && n < sizeof(err->text) - 1; i++) {
        if (one->level == KT_FIND_ERROR) {
            int more = snprintf(err->text + n, sizeof(err->text) - n, "%s%s", n ? " | " : "",
                                one->at.text);
            n += (size_t)more;
        }
    }
}

/* What is tried, into the job, and today's site with it; false when answered. */
static bool make_site(struct call *c, struct job *j)
{
    struct kt_err err = {0};
    const struct kt_json *limits = kt_json_get(c->body, "limits");
    kt_buf_init(&j->rules, 16 << 20);
    kt_buf_init(&j->limits, 16 << 20);
    kt_buf_puts(&j->rules, kt_json_get_str(c->body, "rules", ""));
    if (kt_json_len(limits)) {
        write_limits_yaml(limits, &j->limits);
    }
    j->extra = (struct kt_site_extra){.rules_yaml = {j->rules.p, j->rules.n},
                                      .limits_yaml = {j->limits.p, j->limits.n}};
    struct kt_findings *f = kt_findings_new(100);
    int r = kt_site_load_files(c->site->id, c->site->files, c->site->files_n,
                               (struct kt_str){"", 0}, &j->extra, f, &j->site, &err);
    if (r < 0) {
        if (kt_findings_count(f, KT_FIND_ERROR)) {
            tell_findings(f, &err);
            err.code = KT_EINVAL;
        }
        reply_err(c->req, &err);
    }
    kt_findings_free(f);
    return r == KT_OK;
}

/* ---- routes ---------------------------------------------------------------------------------- */

static bool read_span(struct call *c, kt_time *from, kt_time *to)
{
    int64_t a = kt_json_get_int(c->body, "from", 0), b = kt_json_get_int(c->body, "to", 0);
    kt_time now = kt_runtime_now(c->api->opts.runtime);
    if (a <= 0 || b <= a || a * KT_MS > now) {
        reply_code(c->req, KT_EINVAL,
                   "\"from\" and \"to\" are milliseconds since 1970 that have passed");
        return false;
    }
    *from = a * KT_MS;
    *to = b * KT_MS < now ? b * KT_MS : now;
    return true;
}

static struct job *new_job(struct jobs *js, const char *site_dir, const char *by, kt_time from,
                           kt_time to)
{
    struct job *j = calloc(1, sizeof(*j));
    char dir[700];
    KT_ASSERT(j);
    snprintf(dir, sizeof(dir), "%s/data", site_dir);
    *j = (struct job){
        .owner = js, .data_dir = strdup(dir), .by = strdup(by), .from = from, .to = to};
    j->tally_of = kt_map_new(64);
    kt_buf_init(&j->items, 64 << 20);
    kt_buf_init(&j->happened, 64 << 20);
    return j;
}

/* Start it in the place of an old one; its id, or why not. Takes the job on success. */
static int start_job(struct jobs *js, struct job *j, uint64_t *ret_id, struct kt_err *err)
{
    int r;
    pthread_mutex_lock(&js->lock);
    if (js->running) {
        r = kt_err_set(err, KT_EBUSY, "a back-test is running already");
    } else {
        if (js->thread_on) {
            pthread_join(js->thread, NULL); /* it has ended: running is false */
        }
        *ret_id = j->id = js->next_id++;
        r = kt_thread_start(&js->thread, "backtest", run, j, err);
        js->running = js->thread_on = r == KT_OK;
    }
    if (r == KT_OK) {
        struct job **slot = &js->jobs[j->id % JOBS_KEPT];
        job_free(*slot);
        *slot = j;
    }
    pthread_mutex_unlock(&js->lock);
    return r;
}

void post_backtest(struct call *c)
{
    struct kt_err err = {0};
    kt_time from, to;
    uint64_t id = 0;
    if (!read_span(c, &from, &to)) {
        return;
    }
    struct job *j = new_job(c->api->jobs, c->api->opts.site_dir, c->person.user, from, to);
    if (!make_site(c, j)) {
        job_free(j);
        return;
    }
    if (start_job(c->api->jobs, j, &id, &err) < 0) {
        job_free(j);
        reply_err(c->req, &err);
        return;
    }
    struct kt_buf b;
    kt_buf_init(&b, 1024);
    kt_buf_printf(&b, "{\"job\":%llu}", (unsigned long long)id);
    reply_buf(c, 202, &b);
}

/* What the caller may see of a list of outcomes. */
static void write_seen(const struct call *c, const char *key, const struct kt_buf *items,
                       struct kt_jw *w)
{
    struct kt_buf text;
    struct kt_json *list = NULL;
    kt_buf_init(&text, 65 << 20);
    kt_buf_puts(&text, "[");
    kt_buf_put(&text, items->n ? items->p : "", items->n);
    kt_buf_puts(&text, "]");
    kt_jw_key(w, key);
    kt_jw_arr(w);
    if (kt_json_parse((struct kt_str){text.p, text.n}, 65 << 20, &list, NULL) == KT_OK) {
        for (size_t i = 0; i < kt_json_len(list); i++) {
            if (may_see_object(c, kt_json_get(kt_json_at(list, i), "body"))) {
                kt_json_write(kt_json_at(list, i), w);
            }
        }
    }
    kt_json_free(list);
    kt_buf_done(&text);
    kt_jw_arr_end(w);
}

static void write_counts(const struct call *c, const struct job *j, struct kt_jw *w)
{
    static const char *const names[COUNTS] = {"alarms", "cuts", "alarms_then", "cuts_then"};
    uint64_t sum[COUNTS] = {0};
    for (uint32_t i = 0; i < j->tally_n; i++) {
        const struct tally *t = &j->tally[i];
        if (t->is_place ? may_see_place(c, t->where) : may_see_point(c, t->where)) {
            for (int k = 0; k < COUNTS; k++) {
                sum[k] += t->n[k];
            }
        }
    }
    for (int k = 0; k < COUNTS; k++) {
        kt_jw_kint(w, names[k], (int64_t)sum[k]);
    }
}

static void write_job(const struct call *c, const struct job *j, struct kt_buf *out)
{
    struct kt_jw w = kt_jw_init(out);
    kt_jw_obj(&w);
    kt_jw_kint(&w, "job", (int64_t)j->id);
    kt_jw_kstr(&w, "state", !j->done ? "running" : j->result < 0 ? "failed" : "done");
    kt_jw_knum(&w, "progress", j->done ? 1 : (double)atomic_load(&j->percent) / 100);
    if (j->done && j->result < 0) {
        kt_jw_kstr(&w, "text", j->err.text);
    }
    kt_jw_kstr(&w, "by", j->by);
    kt_jw_kint(&w, "from", j->from / KT_MS);
    kt_jw_kint(&w, "to", j->to / KT_MS);
    write_counts(c, j, &w);
    kt_jw_kbool(&w, "cut_short", j->cut_short);
    write_seen(c, "items", &j->items, &w);
    write_seen(c, "happened", &j->happened, &w);
    kt_jw_obj_end(&w);
}

static void get_backtest(struct call *c, uint64_t id)
{
    struct jobs *js = c->api->jobs;
    struct kt_buf b;
    kt_buf_init(&b, 256 << 20);
    pthread_mutex_lock(&js->lock);
    struct job *j = js->jobs[id % JOBS_KEPT];
    bool found = j && j->id == id;
    if (found) {
        write_job(c, j, &b);
    }
    pthread_mutex_unlock(&js->lock);
    if (found) {
        reply_buf(c, 200, &b);
    } else {
        kt_buf_done(&b);
        reply_code(c->req, KT_ENOTFOUND, "there is no job %s", c->param[0]);
    }
}

/* An import is its person's; a back-test is for all with that right. */
void get_job(struct call *c)
{
    uint64_t id = strtoull(c->param[0], NULL, 10);
    if (imports_reply(c, id)) {
        return;
    }
    if (kt_person_may(&c->person, "backtest")) {
        get_backtest(c, id);
    } else {
        reply_code(c->req, KT_ENOTFOUND, "there is no job %s of yours", c->param[0]);
    }
}
