/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread of the long history: follows the samples of the journal and writes them to
 * VictoriaMetrics, the newest events first in line, then what it never had, from the embedded
 * history. It pulls, so nothing waits for it: the journal, and behind it the embedded history, are
 * its queue on disk, bounded by storage.journal_days and storage.history_days.
 *
 *   sent   the last event that was answered for
 *   safe   the last one answered for at least SETTLE ago: VictoriaMetrics answers before its disk
 *          has it, so after a failure or a restart of it everything behind `safe` is sent again
 * DATA/history/long.json holds `safe` and what is left of the older part, so a stop or a crash of
 * ours repeats a little and leaves nothing out.
 */
#include "engine/runtime_impl.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "conf/json.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/thread.h"

#define SETTLE     (10 * KT_SEC)
#define IDLE       KT_SEC /* nothing new: look again */
#define RETRY_MOST (30 * KT_SEC)
#define THINNED    (10 * KT_MIN) /* a value within the deadband goes out at least so often */
#define MAX_AHEAD  (10 * KT_SEC) /* no sample is further ahead of engine time */
#define HOLE_SLACK (31 * KT_DAY) /* how late samples in a hole may have been */
enum { WRITE_SAMPLES = 100000, MAX_JSON = 1 << 16 };

/* ---- what was sent: the file ---- */

static void path_of(const struct kt_runtime *rt, char path[600])
{
    snprintf(path, 600, "%s/history/long.json", rt->data_dir);
}

static void read_place(struct rt_long *l, const struct kt_json *j)
{
    const char *next = kt_json_get_str(j, "next", "");
    l->safe.seq = (kt_seq)kt_json_get_int(j, "seq", 0);
    l->safe.time = kt_json_get_int(j, "time", 0);
    l->safe.old_from = kt_json_get_int(j, "old_from", INT64_MIN);
    l->safe.old_to = kt_json_get_int(j, "old_to", INT64_MIN);
    l->safe.gaps = (uint64_t)kt_json_get_int(j, "gaps", 0);
    l->safe.at = kt_json_get_int(j, "at", INT64_MIN);
    kt_text_set(l->safe.point, sizeof(l->safe.point), next);
}

/* Everything that is stored here is to be sent, then what follows it. */
static void begin_anew(struct kt_runtime *rt, const char *why)
{
    kt_time now = kt_runtime_now(rt);
    KT_INFO("long-history", "all of history is sent: %s", why);
    rt->lng.safe = (struct rt_long_place){.seq = atomic_load(&rt->history.added),
                                          .time = now,
                                          .old_from = INT64_MIN,
                                          .old_to = now ? now + MAX_AHEAD : INT64_MAX,
                                          .at = INT64_MIN};
}

static void load(struct kt_runtime *rt)
{
    struct rt_long *l = &rt->lng;
    char path[600];
    struct kt_buf b;
    struct kt_err err = {0};
    KT_CLEANUP(kt_json_freep) struct kt_json *j = NULL;
    kt_buf_init(&b, MAX_JSON);
    path_of(rt, path);
    int r = kt_file_read(path, MAX_JSON, &b, &err);
    r = r == KT_OK ? kt_json_parse((struct kt_str){b.p, b.n}, MAX_JSON, &j, &err) : r;
    if (r == KT_OK) {
        read_place(l, j);
    }
    if (r < 0) {
        begin_anew(rt, r == KT_ENOTFOUND ? "the first time" : err.text);
    } else if (strcmp(kt_json_get_str(j, "to", ""), l->to) != 0) {
        begin_anew(rt, "it went to another address before");
    } else if (l->safe.seq > kt_journal_durable(rt->journal)) {
        begin_anew(rt, "the journal began anew");
    }
    kt_buf_done(&b);
    l->sent = l->mark = l->safe;
}

static void save(struct kt_runtime *rt)
{
    struct rt_long *l = &rt->lng;
    const struct rt_long_place *p = &l->safe;
    char path[600];
    struct kt_buf b;
    struct kt_err err = {0};
    kt_buf_init(&b, MAX_JSON);
    struct kt_jw w = kt_jw_init(&b);
    kt_jw_obj(&w);
    kt_jw_kstr(&w, "to", l->to);
    kt_jw_kint(&w, "seq", (int64_t)p->seq);
    kt_jw_kint(&w, "time", p->time);
    kt_jw_kint(&w, "old_from", p->old_from);
    kt_jw_kint(&w, "old_to", p->old_to);
    kt_jw_kstr(&w, "next", p->point);
    kt_jw_kint(&w, "at", p->at);
    kt_jw_kint(&w, "gaps", (int64_t)p->gaps);
    kt_jw_obj_end(&w);
    path_of(rt, path);
    if (kt_file_replace(path, b.p, b.n, &err) < 0) {
        KT_WARN("long-history", "%s", err.text);
    }
    kt_buf_done(&b);
}

/* ---- the batch that is being put together ---- */

static void clear(struct rt_long *l)
{
    l->columns.n = 0;
}

static void put(struct rt_long *l, uint32_t point, kt_time t, double v, kt_quality q)
{
    struct kt_columns *c = &l->columns;
    if (c->n == c->cap) {
        kt_columns_reserve(c, c->cap ? c->cap * 2 : WRITE_SAMPLES);
    }
    c->point[c->n] = point;
    c->time[c->n] = t;
    c->value[c->n] = v;
    c->quality[c->n++] = q;
}

/* As history thins: a good value near the last one, and younger than ten minutes, is left out. */
static bool is_thinned(struct rt_long *l, uint32_t p, kt_time t, double v, kt_quality q)
{
    struct rt_long_last *last = &l->last[p];
    double band = l->site->points[p].deadband;
    if (band > 0 && q == KT_Q_NORMAL && last->has && t > last->time && t - last->time < THINNED &&
        fabs(v - last->value) <= band) {
        return true;
    }
    *last = (struct rt_long_last){q == KT_Q_NORMAL, t, v};
    return false;
}

static void new_site(struct kt_runtime *rt)
{
    struct rt_long *l = &rt->lng;
    struct kt_site *site = kt_runtime_site(rt);
    if (site == l->site) {
        kt_site_unref(site);
        return;
    }
    kt_site_unref(l->site);
    l->site = site;
    free(l->names);
    free(l->last);
    l->names = calloc(site->points_n + 1, sizeof(*l->names));
    l->last = calloc(site->points_n + 1, sizeof(*l->last));
    KT_ASSERT(l->names && l->last);
    for (uint32_t i = 0; i < site->points_n; i++) {
        l->names[i] = site->points[i].id;
    }
}

/* Write what stands in the columns; then the place is `to`. */
static int write_out(struct kt_runtime *rt, const struct rt_long_place *to, struct kt_err *err)
{
    struct rt_long *l = &rt->lng;
    bool restarted = false;
    int r = KT_OK;
    if (l->columns.n) {
        struct kt_samples s = kt_columns_view(&l->columns);
        r = kt_long_write(l->lng, &s, l->names, l->site->points_n, &restarted, err);
    }
    clear(l);
    if (r == KT_OK && restarted) {
        return kt_err_set(err, KT_ESTATE, "it was started anew");
    }
    if (r == KT_OK) {
        l->sent = *to;
    }
    return r;
}

/* ---- the journal ---- */

/* Is some of what lies behind `from` gone from the embedded history, too? */
static bool is_lost(struct kt_runtime *rt, kt_time from)
{
    const struct kt_site *s = rt->lng.site;
    for (uint32_t i = 0; from && i < s->points_n; i++) {
        if (kt_history_border(rt->history.h, s->points[i].id) > from) {
            return true;
        }
    }
    return false;
}

/* Bodies behind what was sent have left the journal: their samples come from the embedded history.
 */
static void hole(struct kt_runtime *rt, struct rt_long_place *p, kt_time until)
{
    struct rt_long *l = &rt->lng;
    kt_time from = l->sent.time ? l->sent.time - HOLE_SLACK : INT64_MIN;
    bool some = p->old_to > p->old_from;
    p->old_from = some && p->old_from < from ? p->old_from : from;
    p->old_to = some && p->old_to > until ? p->old_to : until;
    p->at = INT64_MIN;
    p->point[0] = '\0';
    if (is_lost(rt, l->sent.time)) {
        p->gaps++;
        KT_ERROR("long-history", "it was away for longer than the embedded history keeps samples: "
                                 "what was dropped meanwhile is lost");
    } else {
        KT_WARN("long-history", "it was away for longer than the journal keeps samples: they are "
                                "sent from the embedded history");
    }
}

static int take_event(struct kt_runtime *rt, const struct kt_event *ev, struct rt_long_place *p,
                      bool *in_hole)
{
    struct rt_long *l = &rt->lng;
    struct kt_err err = {0};
    kt_time arrival;
    if (ev->body.n == 0) {
        *in_hole = true;
    } else {
        if (*in_hole) {
            hole(rt, p, ev->time);
            *in_hole = false;
        }
        if (kt_samples_decode(ev->body, KT_BATCH_MAX, &arrival, &l->decoded, &err) < 0) {
            KT_ERROR("long-history", "event %" PRIu64 ": %s", ev->seq, err.text);
        } else {
            pthread_mutex_lock(&rt->lock);
            bool same = rt->site == l->site;
            rt_ids_resolve(&rt->ids, &l->decoded);
            pthread_mutex_unlock(&rt->lock);
            if (!same) {
                return KT_EBUSY; /* numbers are another site's: begin again */
            }
            rt_clip_future(&l->decoded, arrival);
            for (uint32_t i = 0; i < l->decoded.n; i++) {
                const struct kt_columns *c = &l->decoded;
                if (!is_thinned(l, c->point[i], c->time[i], c->value[i], c->quality[i])) {
                    put(l, c->point[i], c->time[i], c->value[i], c->quality[i]);
                }
            }
        }
    }
    p->seq = ev->seq;
    p->time = ev->time;
    return KT_OK;
}

/* One write of what the journal has behind `sent`; ret_more: there was enough for another. */
static int follow(struct kt_runtime *rt, bool *ret_more, struct kt_err *err)
{
    struct rt_long *l = &rt->lng;
    struct kt_event ev;
    struct rt_long_place p = l->sent;
    bool in_hole = false;
    kt_seq first = kt_journal_first(rt->journal);
    int r = KT_OK;
    *ret_more = false;
    if (!l->reader) {
        kt_seq from = p.seq + 1 < first ? first : p.seq + 1;
        r = kt_journal_read(rt->journal, NULL, from, &l->reader, err);
    }
    if (r == KT_OK) {
        kt_journal_reader_until(l->reader, rt_durable(rt));
    }
    new_site(rt);
    while (r == KT_OK && l->columns.n < WRITE_SAMPLES && !atomic_load(&l->stop)) {
        int got = kt_journal_next_of(l->reader, 1u << KT_EV_SAMPLES, &ev, err);
        if (got <= 0) {
            r = got;
            break;
        }
        r = take_event(rt, &ev, &p, &in_hole);
        *ret_more = l->columns.n >= WRITE_SAMPLES;
    }
    if (r == KT_OK && in_hole) {
        hole(rt, &p, p.time);
    }
    r = r == KT_OK ? write_out(rt, &p, err) : r;
    if (r < 0) {
        clear(l);
    }
    return r;
}

/* ---- what is older: the embedded history ---- */

struct piece {
    struct rt_long *l;
    uint32_t point;
    kt_time last;
    bool full;
};

static bool take_old(void *arg, kt_time t, double v, kt_quality q, kt_time arrival)
{
    struct piece *p = arg;
    (void)arrival;
    if (p->l->columns.n >= WRITE_SAMPLES && t != p->last) {
        p->full = true;
        return false;
    }
    put(p->l, p->point, t, v, q);
    p->last = t;
    return true;
}

/* The point that comes at or behind p->point, in the order of ids. KT_NONE: no more. */
static uint32_t next_point(const struct kt_site *s, const char *id)
{
    uint32_t best = KT_NONE;
    for (uint32_t i = 0; i < s->points_n; i++) {
        if (strcmp(s->points[i].id, id) >= 0 &&
            (best == KT_NONE || strcmp(s->points[i].id, s->points[best].id) < 0)) {
            best = i;
        }
    }
    return best;
}

/* The next id: the shortest text above it. */
static void step_point(struct rt_long_place *p, const char *id)
{
    snprintf(p->point, sizeof(p->point), "%s\x01", id);
    p->at = INT64_MIN;
}

/* One write of what is left of the older part. */
static int fill_in(struct kt_runtime *rt, struct kt_err *err)
{
    struct rt_long *l = &rt->lng;
    struct rt_long_place p = l->sent;
    int r = KT_OK;
    new_site(rt);
    while (r == KT_OK && l->columns.n < WRITE_SAMPLES && p.old_to > p.old_from) {
        uint32_t i = next_point(l->site, p.point);
        if (i == KT_NONE) {
            KT_INFO("long-history", "the older part is sent");
            p.old_from = p.old_to = p.at = INT64_MIN;
            p.point[0] = '\0';
            break;
        }
        struct piece piece = {.l = l, .point = i, .last = INT64_MIN};
        const char *id = l->site->points[i].id;
        kt_time from = p.at > p.old_from ? p.at : p.old_from;
        r = kt_history_scan_local(rt->history.h, id, from, p.old_to, take_old, &piece, err);
        if (piece.full) {
            kt_text_set(p.point, sizeof(p.point), id);
            p.at = piece.last + 1;
        } else {
            step_point(&p, id);
        }
    }
    r = r == KT_OK ? write_out(rt, &p, err) : r;
    if (r < 0) {
        clear(l);
    }
    return r;
}

/* ---- the thread ---- */

/* Back to what is surely kept. */
static void rewind_to_safe(struct rt_long *l)
{
    kt_journal_reader_free(l->reader);
    l->reader = NULL;
    l->sent = l->mark = l->safe;
    l->marked = kt_clock_mono();
    if (l->last && l->site) {
        memset(l->last, 0, l->site->points_n * sizeof(*l->last));
    }
}

static bool same_place(const struct rt_long_place *a, const struct rt_long_place *b)
{
    return a->seq == b->seq && a->at == b->at && a->old_to == b->old_to &&
           strcmp(a->point, b->point) == 0;
}

/* What was sent SETTLE ago is safe. */
static void settle(struct kt_runtime *rt)
{
    struct rt_long *l = &rt->lng;
    kt_mono now = kt_clock_mono();
    if (now - l->marked < SETTLE) {
        return;
    }
    if (!same_place(&l->safe, &l->mark)) {
        l->safe = l->mark;
        save(rt);
    }
    l->mark = l->sent;
    l->marked = now;
}

static void publish(struct kt_runtime *rt)
{
    struct rt_long *l = &rt->lng;
    atomic_store(&l->sent_seq, l->sent.seq);
    bool all = l->caught_up && same_place(&l->safe, &l->sent);
    atomic_store(&l->safe_time, all ? kt_runtime_now(rt) : l->safe.time);
    atomic_store(&l->complete, l->safe.old_to <= l->safe.old_from);
    l->begun = l->begun ? l->begun : kt_runtime_now(rt);
    kt_time since = l->sent.time ? l->sent.time : l->begun; /* nothing is there yet */
    atomic_store(&l->behind_since, l->caught_up ? 0 : since);
    atomic_store(&l->gaps, l->sent.gaps);
}

static void pause(struct rt_long *l, int64_t ns)
{
    kt_mono until = kt_clock_mono() + ns;
    struct timespec ts = {.tv_sec = (time_t)(until / KT_SEC), .tv_nsec = (long)(until % KT_SEC)};
    pthread_mutex_lock(&l->lock);
    while (!atomic_load(&l->stop) && kt_clock_mono() < until) {
        pthread_cond_timedwait(&l->work, &l->lock, &ts);
    }
    pthread_mutex_unlock(&l->lock);
}

static void *run(void *arg)
{
    struct kt_runtime *rt = arg;
    struct rt_long *l = &rt->lng;
    int64_t wait = KT_SEC;
    kt_thread_nice(15);
    load(rt);
    while (!atomic_load(&l->stop)) {
        struct kt_err err = {0};
        bool more = false, old = l->sent.old_to > l->sent.old_from;
        int r = follow(rt, &more, &err);
        if (r == KT_OK && old && !more) {
            r = fill_in(rt, &err);
        }
        if (r == KT_OK) {
            settle(rt);
            wait = KT_SEC;
        } else {
            rewind_to_safe(l);
        }
        l->caught_up = r == KT_OK && !more;
        publish(rt);
        if (r == KT_OK && !more && !old) {
            pause(l, IDLE);
        } else if (r < 0 && r != KT_ESTATE && r != KT_EBUSY) {
            pause(l, wait);
            wait = wait * 2 < RETRY_MOST ? wait * 2 : RETRY_MOST;
        }
    }
    return NULL;
}

static int secret(const struct kt_site *site, const char *file, char *to, size_t cap,
                  struct kt_err *err)
{
    char path[900];
    struct kt_buf b;
    if (!*file) {
        return KT_OK;
    }
    kt_buf_init(&b, cap);
    snprintf(path, sizeof(path), "%s/%s", site->dir, file);
    int r = kt_file_read(path, cap - 1, &b, err);
    if (r == KT_OK) {
        kt_text_set(to, cap, kt_buf_cstr(&b));
        to[strcspn(to, "\r\n")] = '\0';
    }
    kt_buf_done(&b);
    return r;
}

int rt_long_open(struct kt_runtime *rt, struct kt_err *err)
{
    struct rt_long *l = &rt->lng;
    const struct kt_site *s = rt->site;
    char password[512] = "", token[4096] = "", ca[900] = "";
    if (!s->victoria.url || !*s->victoria.url) {
        return KT_OK;
    }
    int r = secret(s, s->victoria.password_file, password, sizeof(password), err);
    r = r == KT_OK ? secret(s, s->victoria.token_file, token, sizeof(token), err) : r;
    if (r < 0) {
        return r;
    }
    if (*s->victoria.ca) {
        snprintf(ca, sizeof(ca), "%s/%s", s->dir, s->victoria.ca);
    }
    struct kt_long_opts o = {.url = s->victoria.url,
                             .read_url = s->victoria.read_url,
                             .tenant = s->victoria.tenant,
                             .site = s->id,
                             .user = s->victoria.user,
                             .password = password,
                             .token = token,
                             .ca_file = ca};
    snprintf(l->to, sizeof(l->to), "%s %s %s", o.url, o.tenant, o.site);
    l->lng = kt_long_new(&o);
    kt_history_long(rt->history.h, l->lng);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->work, &attr);
    pthread_condattr_destroy(&attr);
    return KT_OK;
}

int rt_long_start(struct kt_runtime *rt, struct kt_err *err)
{
    struct rt_long *l = &rt->lng;
    if (!l->lng) {
        return KT_OK;
    }
    int r = kt_thread_start(&l->thread, "long-history", run, rt, err);
    l->runs = r == KT_OK;
    return r;
}

void rt_long_stop(struct kt_runtime *rt)
{
    struct rt_long *l = &rt->lng;
    if (!l->lng) {
        return;
    }
    pthread_mutex_lock(&l->lock);
    atomic_store(&l->stop, true);
    pthread_cond_signal(&l->work);
    pthread_mutex_unlock(&l->lock);
    if (l->runs) {
        pthread_join(l->thread, NULL);
    }
    kt_journal_reader_free(l->reader);
    kt_columns_done(&l->columns);
    kt_columns_done(&l->decoded);
    kt_site_unref(l->site);
    free(l->names);
    free(l->last);
    pthread_mutex_destroy(&l->lock);
    pthread_cond_destroy(&l->work);
}

void rt_long_done(struct kt_runtime *rt)
{
    kt_long_free(rt->lng.lng);
}

int rt_long_hand_over(struct kt_runtime *rt, kt_time now, int days, struct kt_err *err)
{
    struct rt_long *l = &rt->lng;
    bool has_it = l->lng && atomic_load(&l->complete) && now - atomic_load(&l->safe_time) < KT_HOUR;
    return has_it && days > 0 ? kt_history_hand_over(rt->history.h, now, days, err) : KT_OK;
}

void rt_long_stats(struct kt_runtime *rt, struct kt_runtime_long *ret)
{
    struct rt_long *l = &rt->lng;
    *ret = (struct kt_runtime_long){.on = l->lng != NULL};
    if (!l->lng) {
        return;
    }
    kt_time since = atomic_load(&l->behind_since), now = kt_runtime_now(rt);
    kt_long_state(l->lng, &ret->state);
    ret->sent = atomic_load(&l->sent_seq);
    ret->behind_ns = since && now > since ? now - since : 0;
    ret->gaps = atomic_load(&l->gaps);
    ret->complete = atomic_load(&l->complete);
}
